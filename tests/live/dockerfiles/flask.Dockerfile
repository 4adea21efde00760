# The five lines of Docker's lesson on storage, with Debian in Ubuntu's place.
FROM debian
RUN apt-get update && apt-get install -y python3 python3-pip
RUN pip install --break-system-packages flask
COPY app.py /app.py
ENTRYPOINT ["python3", "/app.py"]
