# A BuildKit newer than the engine's own, built from its Go module: it is what writes attestations and eStargz.

# The last release that Debian's Go compiles.
BUILDKIT_VERSION=v0.11.6
GO=/usr/lib/go-1.19/bin/go

build_buildkit() {
  # A toolchain of the machine's own, if any, stays out of it.
  env -u GOROOT -u GOTOOLCHAIN GOPATH="$WORK/go" GOCACHE="$WORK/go-cache" GOFLAGS=-modcacherw CGO_ENABLED=0 \
    "$GO" install github.com/moby/buildkit/cmd/{buildkitd,buildctl}@"$BUILDKIT_VERSION"
  PATH=$WORK/go/bin:$PATH
}

start_buildkit() {
  export BUILDKIT_HOST=unix://$WORK/buildkit.sock
  buildkitd --addr "$BUILDKIT_HOST" --root "$WORK/buildkit" --oci-worker-net host --containerd-worker=false \
    >"$WORK/buildkit.log" 2>&1 &
  SERVERS+=($!)
  wait_for "buildkitd" buildctl debug workers
}

make_buildkit_images() {
  local estargz=compression=estargz,force-compression=true,oci-mediatypes=true
  solve mounted --opt platform=linux/amd64 --opt attest:provenance=mode=max \
    --output "type=oci,name=localhost/attested:latest,dest=$OUT/attested.oci-archive.tar"
  solve platform --opt platform=linux/amd64,linux/arm64 --opt build-arg:PAYLOAD=app/notes.txt \
    --opt attest:provenance=mode=min \
    --output "type=oci,name=localhost/platforms:attested,dest=$OUT/platforms-attested.oci-archive.tar"
  solve mounted --opt platform=linux/amd64 \
    --output "type=docker,name=localhost/mounted:buildkit,dest=$OUT/containerd.docker-archive.tar"
  solve mounted --opt platform=linux/amd64 \
    --output "type=oci,name=localhost/mounted:estargz,dest=$OUT/estargz.oci-archive.tar,$estargz"
}

# solve NAME OPTION...: one build of dockerfiles/NAME.Dockerfile.
solve() {
  local name=$1
  shift
  buildctl build --progress plain --frontend dockerfile.v0 --opt "filename=$name.Dockerfile" \
    --local "context=$WORK/dockerfiles/context" --local "dockerfile=$WORK/dockerfiles" "$@"
}
