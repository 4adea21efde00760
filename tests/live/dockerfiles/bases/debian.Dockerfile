# Debian as its own images are set up: no waiting for the disk, no archives kept; and only what a package depends on.
FROM layerscope-live/base
RUN echo force-unsafe-io > /etc/dpkg/dpkg.cfg.d/docker-apt-speedup \
 && echo 'APT::Install-Recommends "false";' > /etc/apt/apt.conf.d/lean \
 && echo 'Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache ""; APT::Keep-Downloaded-Packages "false";' \
    > /etc/apt/apt.conf.d/docker-clean
CMD ["/bin/bash"]
