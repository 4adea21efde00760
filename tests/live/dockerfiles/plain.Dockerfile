# The five lines of everybody's first image.
FROM tiny
RUN mkdir -p /app && echo installed > /app/installed
COPY app /app
WORKDIR /app
ENTRYPOINT ["/bin/sh", "-c", "cat server.py"]
