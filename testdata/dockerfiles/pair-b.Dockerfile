# The upper image: everything of pair:a, and one layer more.
FROM pair:a
COPY app/swap /etc/app/config.ini
ENV PAIR=b
CMD ["/none"]
