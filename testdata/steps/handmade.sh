# Layers that no builder makes in one image but that are legal: written by GNU tar and git, put together by umoci.
# `umoci unpack` reads every one of them, so it can serve as the oracle for the merged tree.

make_handmade() {
  stack_layers handmade base names sparse attributes markers links
  # What `umoci unpack` refuses or reads otherwise: legal for a reader all the same.
  stack_layers oddities archive holes duplicates unended trailing
}

# stack_layers NAME LAYER...: a layout with one image, a layer for each function layer_LAYER.
stack_layers() {
  local layout=$OUT/$1.oci-dir layer dir
  dir=$(mktemp -d -p "$WORK")
  shift
  umoci init --layout "$layout"
  umoci new --image "$layout:latest"
  for layer in "$@"; do
    mkdir "$dir/$layer"
    (cd "$dir/$layer" && scratch=$(mktemp -d -p "$dir") && "layer_$layer" "$dir/$layer.tar")
    umoci raw add-layer --image "$layout:latest" --history.created_by "handmade layer: $layer" \
      --history.created "$EPOCH" "$dir/$layer.tar"
  done
  umoci gc --layout "$layout"
}

# GNU tar with everything that would differ from run to run taken out.
pack() {
  tar --mtime="$EPOCH" --owner=0 --group=0 --numeric-owner "$@"
}

# What the layers above work on; names begin with ./ as `tar -C root .` writes them.
layer_base() {
  mkdir -p etc opt/app/cache/deep opt/app/keep srv
  echo config >etc/config
  echo cached >opt/app/cache/deep/entry
  echo cached-too >opt/app/cache/second
  echo keep >opt/app/keep/file
  echo remove >srv/remove
  echo content-of-lower-file >srv/lower
  mkdir -p usr/lib
  ln -s usr/lib lib
  pack --format=ustar --sort=name -cf "$1" .
}

# Names too long for the header, as PAX records and as GNU long names, links with such targets, bytes that are no UTF-8.
layer_names() {
  local long deep
  long=$(printf 'long-%.0s' {1..40})
  deep=$(printf 'deep-directory/%.0s' {1..12})
  mkdir -p pax gnu "gnu/$deep"
  echo pax >"pax/$long"
  ln -s "$long" pax/link
  echo gnu >"gnu/$long"
  ln -s "$long" gnu/link
  echo deep >"gnu/${deep}leaf"
  printf 'latin\n' >"$(printf 'gnu/caf\351')"
  printf 'utf-8\n' >"$(printf 'pax/caf\303\251')"
  printf 'raw\n' >"$(printf 'pax/raw\377\376')"
  printf 'raw and long\n' >"$(printf 'pax/%s\377' "$long")"
  printf 'control\n' >"$(printf 'pax/escape\033[31mred\nnew-line')"
  pack --format=posix --pax-option=delete=atime,delete=ctime --sort=name -cf "$scratch/pax.tar" pax
  pack --format=gnu --sort=name -cf "$scratch/gnu.tar" gnu
  cp "$scratch/pax.tar" "$1"
  tar --concatenate -f "$1" "$scratch/gnu.tar"
}

# Holes: the size in the tree is the logical one, the stream holds only the data. The three PAX formats of GNU tar.
layer_sparse() {
  local version
  for version in 0.0 0.1 1.0; do
    make_holes "sparse/pax-$version"
    pack --format=posix --pax-option=delete=atime,delete=ctime -S --sparse-version="$version" \
      -cf "$scratch/$version.tar" "sparse/pax-$version"
  done
  cp "$scratch/0.0.tar" "$1"
  # One by one: given two archives, GNU tar drops the second.
  for version in 0.1 1.0; do tar --concatenate -f "$1" "$scratch/$version.tar"; done
}

make_holes() {
  mkdir -p "$(dirname "$1")"
  truncate -s 300000 "$1"
  printf 'begin' | dd of="$1" conv=notrunc status=none
  printf 'middle' | dd of="$1" bs=1 seek=131072 conv=notrunc status=none
}

# Extended attributes, a file capability, device nodes, a fifo, every special mode bit, large owner ids.
layer_attributes() {
  mkdir -p dev bin sticky
  echo attributes >bin/tool
  setcap cap_net_bind_service,cap_net_raw+ep bin/tool
  setfattr -n user.note -v "a note" bin/tool
  echo setuid >bin/setuid
  chmod 4755 bin/setuid
  echo setgid >bin/setgid
  chmod 2755 bin/setgid
  chmod 1777 sticky
  mknod dev/null c 1 3
  mknod dev/loop b 7 0
  mkfifo dev/pipe
  echo owned >bin/owned
  chown 3000000:3000001 bin/owned
  tar --mtime="$EPOCH" --numeric-owner --format=posix --pax-option=delete=atime,delete=ctime \
    --xattrs --xattrs-include='*' --sort=name -cf "$1" bin dev sticky
}

# Whiteouts, and an opaque marker that comes after the entries of its directory: markers act on lower layers only.
layer_markers() {
  mkdir -p opt/app/cache srv
  echo new >opt/app/cache/new
  echo back >opt/app/cache/second
  touch opt/app/cache/.wh..wh..opq srv/.wh.remove opt/app/.wh.keep
  pack --format=gnu --no-recursion -cf "$1" \
    opt/app/cache opt/app/cache/new opt/app/cache/second opt/app/cache/.wh..wh..opq srv/.wh.remove opt/app/.wh.keep
}

# A hard link whose target is in a lower layer: made with its target, which is then taken out of the archive.
# An entry whose parent is a symlink below (lib -> usr/lib), and one whose parents are not there at all.
layer_links() {
  mkdir -p srv lib implied/by
  echo through >lib/through-link
  echo implied >implied/by/entry
  echo content-of-lower-file >srv/lower
  ln srv/lower srv/upper
  ln -s lower srv/symbolic
  pack --format=gnu --no-recursion -cf "$1" srv/lower srv/upper srv/symbolic \
    lib/through-link implied/by/entry
  tar --delete -f "$1" srv/lower
}

# `git archive` begins with a global PAX header, which is no entry.
layer_archive() {
  git init -q .
  echo "from git" >README
  git add README
  GIT_AUTHOR_DATE="$EPOCH" GIT_COMMITTER_DATE="$EPOCH" \
    git -c user.name=testdata -c user.email=testdata@localhost -c commit.gpgsign=false commit -q -m archive
  git archive --format=tar --prefix=src/ -o "$1" HEAD
}

# A sparse file in GNU tar's old format, of a type of its own.
layer_holes() {
  make_holes sparse/gnu
  pack --format=gnu -S -cf "$1" sparse/gnu
}

# The same path twice: the last one counts.
layer_duplicates() {
  mkdir twice
  echo first >twice/file
  pack --format=gnu -cf "$1" twice
  echo second-and-longer >twice/file
  pack --format=gnu -rf "$1" twice/file
}

# A stream that ends after a whole last entry, without the two zero blocks.
layer_unended() {
  echo "512 bytes of header and 512 of content" >unended
  pack --format=gnu -b 1 -cf "$1" unended
  truncate -s 1024 "$1"
}

# Bytes after the end marker: they belong to the DiffID, and are no entries.
layer_trailing() {
  echo trailing >trailing
  pack --format=gnu -b 1 -cf "$1" trailing
  echo "not a header" >>"$1"
}
