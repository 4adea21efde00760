ARG RELEASE=stable
FROM tiny
ARG RELEASE
ARG FLAVOUR=plain
ARG PLACE
ARG EMPTY=
ENV HOME_OF=/home/$FLAVOUR \
    GREETING="hello, $RELEASE world" PATH=/opt/bin:$PATH
RUN echo "$RELEASE $FLAVOUR $PLACE" > /arguments
LABEL flavour="${FLAVOUR}" place="${PLACE:-nowhere}" set="${RELEASE:+yes}"
WORKDIR ${HOME_OF}
COPY note.txt ${HOME_OF}/${FLAVOUR}.txt
RUN FLAVOUR=sour && echo "$FLAVOUR" > taste
