FROM tiny
# a comment
RUN set -e; \
	mkdir -p /work; \
	# a comment between
	cd /work; \

	for each in a b; do \
		echo "$each" > "$each"; \
	done; \
	case $0 in \
		/bin/sh) echo sh;; \
		*) echo other;; \
	esac
RUN mkdir -p /many/a \
        /many/b \
        /many/c && \
    echo 'quoted &&     text; with    blanks' > /many/text && \
    echo "a  #  b" >> /many/text # a trailing comment
   run echo indented   >   /indented
RUN echo "a && b; c" > /x && echo \\ > /backslash && echo one-long-line-that-goes-on-and-on > /long && rm /x && echo done > /done
