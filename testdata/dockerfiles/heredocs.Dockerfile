# escape=\
# Here-documents, build arguments, two stages and a base of its own: what older builders do not read.
ARG TAG=1

FROM scratch AS notes
COPY <<note /note
written in a stage that is not in the image
note

FROM registry.example/base:${TAG} AS final
ARG FLAVOUR
ARG PLACE="/srv/a place"
LABEL org.opencontainers.image.title="heredocs" \
      purpose="two words"
ENV GREETING="hello, world" \
    HOME_OF=${PLACE}
RUN <<EOF
mkdir -p "$PLACE"
echo "$GREETING, $FLAVOUR" > "$PLACE/greeting"
EOF
RUN cat > /etc/motd <<MOTD && chmod 0600 /etc/motd
welcome
MOTD
COPY --link --chmod=0644 <<app.conf <<more.conf /etc/app/
place = "${PLACE}"
app.conf
more = 1
more.conf
COPY --from=notes --chown=10:20 /note /note
# the whole of it again, for its mode
RUN chmod 0600 /note \
    # a comment between continued lines
    && echo one >  /one \
    && echo two > /two; \
    rm /one
WORKDIR /srv
WORKDIR app
SHELL ["/bin/hush", "-c"]
RUN echo "$0" > shell
VOLUME /srv/app/data
EXPOSE 8080 53/udp
HEALTHCHECK --interval=30s --start-interval=1s --retries=2 CMD cat /etc/motd
STOPSIGNAL SIGINT
ONBUILD COPY . /src
USER 10:20
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["cat /etc/motd"]
