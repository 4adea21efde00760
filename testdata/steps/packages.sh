# What the images are made with: Debian 12 packages, installed only where missing.

BUILD_PACKAGES=(
  build-essential bzip2 ca-certificates dpkg-dev git libcap2-bin linux-libc-dev musl-tools python3 xz-utils
  buildah attr curl docker.io docker-registry jq podman runc skopeo tar umoci zstd
)

# install_packages [PACKAGE...]: those above and these.
install_packages() {
  local missing=() package
  for package in "${BUILD_PACKAGES[@]}" "$@"; do
    [[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" == installed ]] || missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  apt-get update -q
  # The services these packages bring are not wanted, only their programs: no unit is started.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
}

# The source repositories of the machine's own package sources, kept apart from the machine's settings.
# Sets APT_SOURCE_OPTIONS, to be given to apt-get.
enable_source_packages() {
  local dir=$1 file
  mkdir -p "$dir/parts" "$dir/lists/partial"
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [[ -f $file ]] || continue
    sed -nE 's/^deb(-src)?([[:space:]])/deb-src\2/p' "$file" | sort -u >"$dir/parts/$(basename "$file" .list).list"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [[ -f $file ]] || continue
    sed -E 's/^Types:.*/Types: deb-src/' "$file" >"$dir/parts/$(basename "$file")"
  done
  APT_SOURCE_OPTIONS=(
    -o "Dir::Etc::sourcelist=/dev/null" -o "Dir::Etc::sourceparts=$dir/parts" -o "Dir::State::lists=$dir/lists"
    -o "APT::Sandbox::User=root"
  )
  apt-get "${APT_SOURCE_OPTIONS[@]}" update -q
}
