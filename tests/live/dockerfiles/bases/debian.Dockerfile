# Debian as its own images are set up: no waiting for the disk, no archives kept; and only what a package depends on.
# The certificates are there, as in most bases: setting them up takes a while.
FROM layerscope-live/base
RUN echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/docker-apt-speedup \
 && echo 'APT::Install-Recommends "false";' > /etc/apt/apt.conf.d/lean \
 && echo 'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache ""; APT::Keep-Downloaded-Packages "false";' \
    > /etc/apt/apt.conf.d/docker-clean \
 && apt-get update && apt-get install -y ca-certificates && rm -rf /var/lib/apt/lists/*
CMD ["/bin/bash"]
