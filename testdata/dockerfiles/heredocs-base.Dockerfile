# What heredocs.Dockerfile stands on: a shell, a variable, an instruction that only the base brings, a trigger.
FROM scratch
ADD rootfs.tar /
ENV PATH=/bin
ONBUILD RUN echo triggered > /triggered
CMD ["/bin/sh"]
