# two bases, one of which is never built
ARG BASE=tiny
FROM ${BASE} AS build
RUN <<EOF
mkdir /out
echo built > /out/tool
EOF

FROM ${BASE} AS never
RUN <<EOF
exit 1
EOF

FROM ${BASE}
SHELL ["/bin/sh", "-e", "-c"]
COPY --from=build /out /opt
RUN <<EOF
cat /opt/tool > /copied
echo "$0" >> /copied
EOF
RUN --network=none echo alone > /alone
COPY --link note.txt /linked/
USER 10
RUN <<EOF
cat /copied > /tmp/mine
EOF
ONBUILD RUN echo later > /later
VOLUME /opt
LABEL kind="here documents"
