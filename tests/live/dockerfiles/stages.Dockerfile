ARG WHERE=/out
FROM tiny AS build
ARG WHERE
COPY app /src
RUN mkdir -p "$WHERE" && cp /src/server.py "$WHERE/built.py"

FROM tiny as common
LABEL stage=common
RUN echo common > /common

FROM build AS unused
RUN echo never

FROM common AS final
COPY --from=build /out/built.py /srv/built.py
COPY --from=0 /src/deep /srv/deep/
USER 10
CMD ["cat", "/srv/built.py"]

FROM final AS debug
RUN echo debug
