# A Docker engine and a registry of our own: loopback and a Unix socket only, in $WORK, ended by their own process ids.

SERVERS=()

free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_registry() {
  local port
  port=$(free_port)
  REGISTRY=127.0.0.1:$port
  mkdir -p "$WORK/registry"
  cat >"$WORK/registry.yml" <<YAML
version: 0.1
storage: {filesystem: {rootdirectory: $WORK/registry}}
http: {addr: "$REGISTRY"}
YAML
  docker-registry serve "$WORK/registry.yml" >"$WORK/registry.log" 2>&1 &
  SERVERS+=($!)
  wait_for "registry" curl -fsS -o /dev/null "http://$REGISTRY/v2/"
}

start_engine() {
  export DOCKER_HOST=unix://$WORK/docker.sock
  dockerd --iptables=false --bridge=none --storage-driver=overlay2 --data-root "$WORK/docker" \
    --exec-root "$WORK/docker-exec" --pidfile "$WORK/docker.pid" -H "$DOCKER_HOST" >"$WORK/docker.log" 2>&1 &
  SERVERS+=($!)
  wait_for "dockerd" "$DOCKER" version
}

wait_for() {
  local what=$1
  shift
  for _ in {1..150}; do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.2
  done
  echo "$what did not start; see its log in $WORK" >&2
  return 1
}

stop_servers() {
  local pid
  for pid in "${SERVERS[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  SERVERS=()
  release_mounts
}

# The engine may leave its own directory or a network namespace mounted, which would keep $WORK from being removed.
release_mounts() {
  local mount
  awk -v work="$WORK/" 'index($5, work) == 1 { print $5 }' /proc/self/mountinfo | tac | while read -r mount; do
    umount "$mount"
  done
}
