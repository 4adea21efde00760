FROM tiny
COPY --chmod=0750 app/server.py /app/server.py
COPY --chmod=600 --chown=10:20 conf/ /conf/
