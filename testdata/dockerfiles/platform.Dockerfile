# One image a platform, without RUN: it needs no emulator. PAYLOAD differs between the platforms.
FROM scratch
ARG PAYLOAD
COPY app/config.ini /etc/app/config.ini
COPY ${PAYLOAD} /app/payload
CMD ["/app/payload"]
