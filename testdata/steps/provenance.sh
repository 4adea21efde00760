# A current BuildKit, from its Go module: here-documents, and provenance in the shape of SLSA v1.

CURRENT_BUILDKIT_VERSION=v0.34.2

# Its go.mod has lines that `go install` refuses of a module that is not the main one; they are taken over instead.
build_current_buildkit() {
  local module=$WORK/current sources
  mkdir "$module"
  sources=$(go mod download -json "github.com/moby/buildkit@$CURRENT_BUILDKIT_VERSION" | jq -r .Dir)
  {
    echo "module made"
    grep -E '^go ' "$sources/go.mod"
    sed -n '/^exclude (/,/^)/p' "$sources/go.mod"
  } >"$module/go.mod"
  (
    cd "$module"
    export CGO_ENABLED=0 GOBIN=$WORK/current/bin
    go get -tool "github.com/moby/buildkit/cmd/buildctl@$CURRENT_BUILDKIT_VERSION" \
      "github.com/moby/buildkit/cmd/buildkitd@$CURRENT_BUILDKIT_VERSION"
    go install tool
  )
  PATH=$module/bin:$PATH
}

# The base has a name of its own, which a mirror on loopback answers for.
start_current_buildkit() {
  export BUILDKIT_HOST=unix://$WORK/buildkit.sock
  cat >"$WORK/buildkitd.toml" <<TOML
[registry."registry.example"]
  mirrors = ["$REGISTRY"]
[registry."$REGISTRY"]
  http = true
TOML
  buildkitd --config "$WORK/buildkitd.toml" --addr "$BUILDKIT_HOST" --root "$WORK/buildkit" --oci-worker-net host \
    --containerd-worker=false >"$WORK/buildkit.log" 2>&1 &
  SERVERS+=($!)
  wait_for "buildkitd" buildctl debug workers
}

make_provenance_images() {
  solve heredocs-base --opt platform=linux/amd64 --opt attest:provenance=disabled=true \
    --output "type=image,name=$REGISTRY/base:1,push=true,registry.insecure=true"
  solve heredocs --opt platform=linux/amd64 --opt "build-arg:FLAVOUR=sweet and sour" \
    --opt attest:provenance=mode=max,version=v1 \
    --output "type=oci,name=localhost/heredocs:latest,dest=$OUT/heredocs.oci-archive.tar"
}
