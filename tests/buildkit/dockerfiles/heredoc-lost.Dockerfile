# What cannot run again from a history: a script's text and a mount are not in it.
FROM tiny AS build
RUN <<EOF
mkdir /out
echo built > /out/tool
EOF

FROM tiny
RUN <<EOF
#!/bin/sh -e
echo "$0" > /shebang
EOF
RUN --mount=type=bind,from=build,source=/out,target=/mnt <<EOF
cat /mnt/tool > /from-mount
echo "$0" >> /from-mount
EOF
CMD ["cat", "/from-mount"]
