# escape=`
FROM tiny
RUN <<EOF
echo one \
  two > /continued
EOF
RUN echo three `
  four > /tick
RUN cat <<EOF > /windows
C:\dir\
EOF
