# What both scripts begin and end with. They set HERE, and call prepare, then make images into $OUT, then publish them.

EPOCH=2024-01-01T00:00:00Z

prepare() {
  ((EUID == 0)) || { echo "$0 must run as root" >&2; exit 2; }
  umask 022
  install_packages "$@"
  WORK=$(mktemp -d)
  OUT=$WORK/out
  mkdir "$OUT"
  trap 'stop_servers; [[ -n ${KEEP_WORK-} ]] || rm -rf "$WORK"' EXIT
  # The builders see a copy with one time on every file: a clone does not keep times.
  cp -r "$HERE/dockerfiles" "$WORK/dockerfiles"
  build_busybox "$WORK/busybox"
  pack_rootfs "$WORK/busybox/busybox/busybox" "$WORK/dockerfiles/context/rootfs.tar"
  find "$WORK/dockerfiles" -exec touch -h -d "$EPOCH" {} +
}

# publish DIRECTORY IMAGE...: puts the images there and writes the figures of all that are there.
publish() {
  local destination=$1 image
  shift
  mkdir -p "$destination"
  for image in "$@"; do
    rm -rf "${destination:?}/$image"
    cp -r "$OUT/$image" "$destination/$image"
    chmod -R u=rwX,go=rX "$destination/$image"
  done
  BUSYBOX_VERSION=$(sed -n 's/^Version: //p' "$WORK"/busybox/source/busybox_*.dsc) BUILDKIT_VERSION=$BUILDKIT_VERSION \
    CURRENT_BUILDKIT_VERSION=$CURRENT_BUILDKIT_VERSION \
    PYTHONDONTWRITEBYTECODE=1 python3 "$HERE/steps/figures.py" "$destination" >"$WORK/README.md"
  cp "$WORK/README.md" "$destination/README.md"
}
