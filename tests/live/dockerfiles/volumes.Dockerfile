FROM tiny
RUN mkdir -p /var/lib/app /srv/data && echo kept > /srv/data/kept
VOLUME /srv/data "/var/lib/app"
RUN echo lost > /srv/data/lost && echo there > /there
COPY conf/ /srv/data/
VOLUME ["/logs"]
