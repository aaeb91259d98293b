# One image for every role. Build: docker build -t kedge .
FROM node:24-bookworm-slim AS build
WORKDIR /kedge
COPY package.json package-lock.json .npmrc ./
RUN npm install --no-save --no-audit --no-fund
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:24-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends python3 python3-venv bubblewrap ca-certificates tini \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --create-home --uid 10001 kedge \
  && mkdir /data && chown kedge:kedge /data
COPY --from=build --chown=root:root /kedge /kedge
USER kedge
VOLUME /data
EXPOSE 4700 4701 4702
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "-e", "fetch('http://127.0.0.1:4700/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "node", "/kedge/bin/kedge.mjs"]
# beyond loopback Kedge insists on authentication: set KEDGE_ADMIN_TOKEN
CMD ["serve", "--host", "0.0.0.0", "--auth", "token", "--data", "/data"]
