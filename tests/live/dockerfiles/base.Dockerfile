# What the others stand on: a shell and its tools, a variable, an instruction that only the base brings.
FROM scratch
ADD rootfs.tar /
ENV PATH=/bin
CMD ["/bin/sh"]
