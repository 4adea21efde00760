# RUN steps in an image that holds no shell: the tools are only mounted.
# Built by Buildah. `tools` never becomes part of the image.
FROM scratch AS tools
ADD rootfs.tar /

FROM scratch
LABEL org.opencontainers.image.title="mounted"
COPY app /app
RUN --mount=type=bind,from=tools,source=/bin,target=/bin rm /app/static/logo.txt && chmod 0700 /app/tool
RUN --mount=type=bind,from=tools,source=/bin,target=/bin rm -r /app/static && mkdir /app/static && echo again > /app/static/again.txt
RUN --mount=type=bind,from=tools,source=/bin,target=/bin echo one > /app/one && ln /app/one /app/two && ln -s one /app/three
VOLUME /var/lib/app
ENV APP_HOME=/app
USER 10
CMD ["/app/tool"]
