FROM tiny
MAINTAINER Some One <some@one.example>
ENV ONE=1 TWO="two words" THREE=three\ words FOUR='single $ONE' FIVE="say \"hi\"" SIX=\$ONE
ENV OLD form with  blanks
ENV NESTED="A=1 TWO=2" EMPTY= URL=http://h/?a=b&c=d
LABEL com.example.one="x=1 y=2" com.example.two='it is' "com.example.three"="back\\slash"
LABEL multi.line="first \
second"
WORKDIR "/with blank"
WORKDIR sub\$dir
USER "10"
CMD ["echo", "a \"quoted\" word", "$HOME", "tab\there", "ünï"]
