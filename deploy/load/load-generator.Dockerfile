# The Node.js that package.json names.
ARG NODE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
# What Node.js is linked with, and nothing else: no shell, no package manager.
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f

FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages packages
COPY observability/telemetry observability/telemetry
COPY mesh/core mesh/core
COPY bench/load/package.json bench/load/package.json
RUN npm ci --workspace bench/load --omit=dev --ignore-scripts
# Half of what is installed is read by nobody who runs it.
RUN find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) -delete

FROM ${RUNTIME}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
COPY --from=dependencies /app .
COPY bench/load bench/load
USER 1000
WORKDIR /app/bench/load
CMD ["node", "src/hook/main.ts"]
