FROM tiny
RUN echo "first: $0" > /shells
SHELL ["/bin/sh", "-e", "-c"]
RUN echo "second: $0" >> /shells; cat /shells
RUN ["/bin/sh", "-c", "echo third >> /shells"]
RUN ["/bin/touch", "/touched"]
SHELL ["/bin/sh", "-c"]
RUN echo fourth >> /shells
ENTRYPOINT exec cat
CMD /shells
