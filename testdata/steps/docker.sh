# What Docker makes: one Dockerfile by both builders, saved and pushed; two images in one archive.

# DOCKER is Debian's client: newer ones no longer speak to the classic builder the same way.
DOCKER=/usr/bin/docker

make_docker_images() {
  DOCKER_BUILDKIT=0 build tour.Dockerfile tour:classic
  DOCKER_BUILDKIT=1 build tour.Dockerfile tour:buildkit
  "$DOCKER" save -o "$OUT/classic.docker-archive.tar" tour:classic
  # A compressed archive: it can only be read from its beginning to its end.
  "$DOCKER" save tour:buildkit | gzip -9n >"$OUT/buildkit.docker-archive.tar.gz"

  "$DOCKER" tag tour:buildkit "$REGISTRY/tour:buildkit"
  "$DOCKER" push -q "$REGISTRY/tour:buildkit"
  # The engine pushes a Docker schema 2 manifest; skopeo turns it into an OCI one and keeps the layer blobs.
  skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/tour:buildkit" "oci-archive:$OUT/buildkit.oci-archive.tar:tour:buildkit"

  DOCKER_BUILDKIT=0 build pair-a.Dockerfile pair:a
  DOCKER_BUILDKIT=0 build pair-b.Dockerfile pair:b
  "$DOCKER" tag pair:a pair:also-a
  "$DOCKER" save -o "$OUT/pair.docker-archive.tar" pair:a pair:also-a pair:b
}

build() {
  "$DOCKER" build -q --network=none -f "$WORK/dockerfiles/$1" -t "$2" "$WORK/dockerfiles/context"
}
