# escape=`
FROM tiny
COPY note.txt `
     /note.txt
RUN echo one `
 && echo "two\\three" > /tick
ENV PLACE="C:\dir" OTHER=x
