FROM tiny
COPY conf/one.conf note.txt /several/
COPY conf/*.conf /wild/
COPY ["two words/in side", "/words/in side"]
COPY note.txt /renamed.txt
COPY ./app/deep/. /deep
COPY . /all/
ADD more.tar /unpacked/
ADD note.txt /added/
WORKDIR /relative
COPY note.txt ./here.txt
COPY app sub/
