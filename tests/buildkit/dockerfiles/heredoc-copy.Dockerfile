FROM tiny
ARG NAME=world
COPY <<note <<"raw.txt" /notes/
hello $NAME
note
hello $NAME
raw.txt
COPY --chmod=0640 --chown=10:20 <<EOF /etc/app.conf
a = 1

b = "two"
EOF
ADD <<-added /added
	unindented
	added
WORKDIR /mixed
COPY note.txt <<more ./
not more
more
ENTRYPOINT ["/bin/sh"]
