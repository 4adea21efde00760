# Every habit that advice is given on, each for more than a megabyte.
ARG BASE
FROM ${BASE}
USER root
RUN apt-get update && apt-get install -y --no-install-recommends file
COPY tool gone copy /srv/data/
RUN chmod 0700 /srv/data/tool
RUN rm /srv/data/gone
RUN seq 1 300000 > /opt/scratch
RUN rm /opt/scratch
RUN cp /srv/data/copy /srv/again
VOLUME /var/lib/volume
COPY seed /var/lib/volume/seed
