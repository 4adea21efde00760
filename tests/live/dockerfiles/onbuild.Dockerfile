FROM triggers
RUN echo own > /own
CMD ["cat", "/triggered/log"]
