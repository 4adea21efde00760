FROM tiny
HEALTHCHECK --interval=5m --timeout=3s --start-period=1500ms --retries=10 CMD cat /etc/passwd || exit 1
HEALTHCHECK CMD ["/bin/cat", "/a file"]
HEALTHCHECK NONE
HEALTHCHECK --interval=90s --retries=33 \
  CMD ["/bin/sh", "-c", "cat '/etc/passwd'"]
STOPSIGNAL SIGQUIT
EXPOSE 8080 53/udp 9000-9001
EXPOSE 443/tcp
