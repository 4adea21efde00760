# What the containers/* tools make: Buildah's build, Podman's archive, skopeo's conversions, a two-platform index.

# Storage of our own, so that nothing of the machine's own images is seen or left behind.
STORAGE=()

containers() {
  local tool=$1
  shift
  "$tool" "${STORAGE[@]}" "$@"
}

make_buildah_images() {
  STORAGE=(--root "$WORK/containers" --runroot "$WORK/containers-run" --storage-driver overlay)
  local context=$WORK/dockerfiles/context
  containers buildah bud -q --isolation chroot --layers --format oci \
    -f "$WORK/dockerfiles/mounted.Dockerfile" -t localhost/mounted:latest "$context"
  containers buildah push -q localhost/mounted:latest "oci-archive:$OUT/buildah.oci-archive.tar:localhost/mounted:latest"
  containers podman save -q --format docker-archive -o "$OUT/podman.docker-archive.tar" localhost/mounted:latest
  skopeo copy -q --dest-compress --dest-compress-format zstd \
    "oci-archive:$OUT/buildah.oci-archive.tar" "oci-archive:$OUT/zstd.oci-archive.tar:mounted:zstd"
  make_platforms "$context"
}

make_platforms() {
  local context=$1
  containers buildah manifest create platforms:latest
  containers buildah bud -q --isolation chroot --platform linux/amd64 --build-arg PAYLOAD=app/notes.txt \
    --manifest platforms:latest -f "$WORK/dockerfiles/platform.Dockerfile" "$context"
  containers buildah bud -q --isolation chroot --platform linux/arm64 --build-arg PAYLOAD=app/tool \
    --manifest platforms:latest -f "$WORK/dockerfiles/platform.Dockerfile" "$context"
  containers buildah manifest push -q --all platforms:latest "oci:$OUT/platforms.oci-dir:platforms:latest"
}
