# A service on Node, as the guides build it.
FROM node
ENV NODE_ENV=production
WORKDIR /usr/src/app
COPY package*.json ./
RUN npm install --omit=dev
COPY server.js ./
EXPOSE 3000
USER node
HEALTHCHECK --interval=30s CMD node -e "fetch('http://localhost:3000').catch(() => process.exit(1))"
CMD ["node", "server.js"]
