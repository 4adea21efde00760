# A base that makes others work for it.
FROM tiny
ONBUILD COPY note.txt /triggered/note.txt
ONBUILD RUN echo triggered >> /triggered/log
ONBUILD ENV TRIGGERED=yes
LABEL kind=base
