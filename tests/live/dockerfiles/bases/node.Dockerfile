# Debian's Node with npm beside it, as Node's own images have it: Debian's npm would bring 400 packages along.
FROM debian
RUN apt-get update && apt-get install -y nodejs && rm -rf /var/lib/apt/lists/*
ADD npm.tgz /usr/local/lib/node_modules
RUN mv /usr/local/lib/node_modules/package /usr/local/lib/node_modules/npm \
 && chmod 755 /usr/local/lib/node_modules/npm/bin/npm-cli.js \
 && ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \
 && useradd --no-log-init --create-home --shell /bin/bash node
CMD ["node"]
