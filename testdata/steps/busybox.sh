# The smallest real userland for RUN steps: Debian's BusyBox source, hush and a dozen applets, static against musl.

BUSYBOX_APPLETS=(CAT CHMOD CHOWN CP ECHO LN LS MKDIR MV RM RMDIR SLEEP TOUCH)

build_busybox() {
  local dir=$1 option
  mkdir -p "$dir/source"
  enable_source_packages "$dir/apt"
  (cd "$dir/source" && apt-get "${APT_SOURCE_OPTIONS[@]}" source -q --download-only busybox)
  mkdir "$dir/busybox"
  tar -xf "$dir"/source/busybox_*.orig.tar.* -C "$dir/busybox" --strip-components=1
  (
    cd "$dir/busybox"
    make allnoconfig
    sed -i -e 's/^CONFIG_SH_IS_.*=y/# & is not set/' .config
    for option in STATIC LFS SH_IS_HUSH HUSH "${BUSYBOX_APPLETS[@]}"; do
      sed -i -E "s/^# CONFIG_$option is not set/CONFIG_$option=y/" .config
    done
    # `oldconfig` asks for the options that the new ones brought: the defaults will do. (`yes` ends by SIGPIPE.)
    (yes "" || true) | make oldconfig
    sed -i -E 's/^# CONFIG_(HUSH_IF|HUSH_LOOPS) is not set/CONFIG_\1=y/' .config
    (yes "" || true) | make oldconfig
    make -j"$(nproc)" CC=musl-gcc \
      CONFIG_EXTRA_CFLAGS="-Oz -fno-asynchronous-unwind-tables" \
      CONFIG_EXTRA_LDFLAGS="-Wl,-z,noseparate-code -Wl,-z,norelro -Wl,--build-id=none"
  ) >"$dir/busybox.log" 2>&1 || { tail -n 40 "$dir/busybox.log" >&2; return 1; }
}

# /bin with links, /etc/passwd, a sticky /tmp: packed as the rootfs.tar that the Dockerfiles ADD.
pack_rootfs() {
  local busybox=$1 target=$2 root applet
  root=$(mktemp -d -p "$WORK")
  mkdir -p "$root/bin" "$root/etc" "$root/tmp"
  chmod 1777 "$root/tmp"
  install -m 0755 "$busybox" "$root/bin/busybox"
  ln -s busybox "$root/bin/sh"
  for applet in "${BUSYBOX_APPLETS[@],,}"; do ln -s busybox "$root/bin/$applet"; done
  ln "$root/bin/busybox" "$root/bin/hush"
  echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
  echo 'root:x:0:' >"$root/etc/group"
  tar --sort=name --mtime="$EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu \
    -C "$root" -cf "$target" bin etc tmp
}
