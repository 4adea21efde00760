FROM tiny
ARG FLAVOUR=plain
RUN <<EOF
echo "one $FLAVOUR" > /one
echo two \
  three > /two

# a comment of the shell
echo "   four   " > /four
EOF
RUN <<-INDENTED
	echo tabs > /tabs
	if [ -e /tabs ]; then
		echo more >> /tabs
	fi
	INDENTED
RUN cat <<A > /a && cat <<"B" > /b
text of A: $FLAVOUR
A
text of B: $FLAVOUR \
  "quoted" 'single' `tick`
B
RUN <<EOF sh -e
echo given to a shell > /given
EOF
RUN <<'EOF'
echo "RUN <<nothing" > /nested # nothing
EOF
CMD ["cat", "/one"]
