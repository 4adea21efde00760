FROM scratch
COPY note.txt /
COPY conf /etc/
ENV A=1
CMD ["/none"]
