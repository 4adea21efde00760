# The lower image of two that share layers; no RUN, so nothing else is in it.
FROM scratch
COPY app/notes.txt /notes.txt
COPY app/config.ini /etc/app/config.ini
# the same bytes and times once more: a second layer with the DiffID of the first
COPY app/notes.txt /notes.txt
ENV PAIR=a
