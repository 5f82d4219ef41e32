ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS base
WORKDIR /app
COPY package.json package-lock.json ./

FROM base AS build
# Install scripts would fetch a second Node.js and run this very build; esbuild works without its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY scripts/build.ts scripts/
COPY src src
RUN npm run build

FROM base AS app
# The ripgrep binary lies inside its platform's package: no script has to fetch it.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force
COPY --from=build /app/dist dist
# Starts once for real: a broken image fails here, and Node keeps the compiled code for every later start.
RUN install --directory --owner=node dist/.compile-cache
USER 1000:1000
RUN export NODE_ENV=production PUBLIC_URL=https://localhost FAIRLEAD_DATA_DIR=/tmp/data FAIRLEAD_WORKSPACE=/app; \
    ready="fetch('http://127.0.0.1:3000/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"; \
    node dist/main.js serve & \
    until node --eval "$ready"; do kill -0 $! && sleep 1 || exit 1; done; \
    kill -TERM $! && wait $! && chmod -R a+rX dist/.compile-cache

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="Fairlead" \
      org.opencontainers.image.description="A self-hosted remote MCP server with OAuth 2.1 built in" \
      org.opencontainers.image.licenses="Apache-2.0"

# Nothing is installed in a running container.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
           /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
 && install --directory --owner=node --group=node --mode=0700 /data

WORKDIR /app
COPY package.json LICENSE ./
COPY --from=app /app/node_modules node_modules
# The service can read its own code and the cache beside it, and write neither.
COPY --from=app --chown=0:0 /app/dist dist
COPY examples/workspace /workspace

ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    FAIRLEAD_DATA_DIR=/data \
    FAIRLEAD_WORKSPACE=/workspace

# The user node, by number: an orchestrator has to see that it is not root.
USER 1000:1000
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --start-interval=1s --retries=3 \
    CMD ["node", "-e", "require('node:http').get({ host: '127.0.0.1', port: process.env.PORT, path: '/health/live' }, (response) => process.exit(response.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]

ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]
