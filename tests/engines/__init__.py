"""layerscope against real engines: Docker on two storage drivers and behind TLS, Podman, containerd's own exports."""
