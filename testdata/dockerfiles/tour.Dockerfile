# One small image with one of everything that a layer can do.
# Built twice, by the classic builder and by BuildKit, so that both can be held against each other.
FROM scratch
MAINTAINER layerscope testdata
LABEL org.opencontainers.image.title="tour" \
      org.opencontainers.image.description="one of everything"
# rootfs.tar is made by testdata/make: a static busybox, links to it, /etc/passwd, /tmp
ADD rootfs.tar /
ARG FLAVOUR=plain
ENV PATH=/bin APP_HOME=/app
COPY --chown=10:20 app /app
WORKDIR /app/work
# a hard link and a symlink made in one layer; a directory of many names for a later layer to delete
RUN mkdir -p /srv/cache/deep /srv/data /var/lib/app && echo "$FLAVOUR" > /srv/flavour && ln /srv/flavour /srv/flavour-again && ln -s ../app/tool /srv/tool && cp /app/notes.txt /srv/cache/one && cp /app/tool /srv/cache/deep/two && echo old > /srv/data/old && echo older > /srv/data/older
# chmod only: the whole file is shipped again
RUN chmod 0700 /app/tool
# overwritten with other content, and rewritten with the same content
RUN echo "mode = production" > /app/config.ini && touch /app/notes.txt
# one file deleted, one directory deleted: two whiteouts
RUN rm /app/static/logo.txt && rm -r /srv/cache
# deleted and recreated: an opaque directory on overlay2
RUN rm -r /srv/data && mkdir /srv/data && echo new > /srv/data/new
# another kind of entry in the same place
RUN rm /app/swap && mkdir /app/swap && echo in > /app/swap/in && rm -r /app/nest && echo flat > /app/nest
# a setuid file
RUN cp /app/config.ini /app/elevate && chmod 4755 /app/elevate
VOLUME ["/var/lib/app", "/srv/data"]
# below a volume: the classic builder throws away what RUN wrote here, BuildKit keeps it; COPY stays in both
RUN echo lost > /var/lib/app/written-by-run && echo kept > /srv/kept
COPY seed /var/lib/app
EXPOSE 8080/tcp 9090/udp
HEALTHCHECK --interval=5m --timeout=3s --retries=3 CMD ["/bin/ls", "/app"]
STOPSIGNAL SIGINT
SHELL ["/bin/sh", "-c"]
ONBUILD COPY . /app/src
USER 10:20
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["ls /app"]
