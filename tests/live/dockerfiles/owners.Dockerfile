FROM tiny
COPY --chown=10:20 app/ /app/
COPY --chown=10 note.txt /app/note.txt
ADD --chown=0:30 conf /conf
RUN chmod 0700 /app/server.py
USER 10:20
