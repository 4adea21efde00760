# The same image, each advice followed.
ARG BASE
FROM ${BASE}
USER root
RUN apt-get update && apt-get install -y --no-install-recommends file && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY copy /srv/data/
COPY --chmod=0700 tool /srv/data/
RUN seq 1 300000 > /opt/scratch && rm /opt/scratch
RUN ln -s /srv/data/copy /srv/again
VOLUME /var/lib/volume
