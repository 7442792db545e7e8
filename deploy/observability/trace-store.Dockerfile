# The Node.js that package.json names.
ARG NODE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
# What Node.js is linked with, and nothing else: no shell, no package manager.
ARG RUNTIME=gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f

FROM ${NODE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages packages
COPY observability/telemetry observability/telemetry
COPY observability/origin observability/origin
COPY observability/console/package.json observability/console/package.json
COPY observability/store/package.json observability/store/package.json
RUN npm ci --workspace observability/store --omit=dev --ignore-scripts
# Half of what is installed is read by nobody who runs it.
RUN find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.md' \) -delete

# The console's pages.
FROM dependencies AS bundles
RUN npm ci --workspace observability/console --include-workspace-root --ignore-scripts
COPY tools/setup tools/setup
COPY observability/console observability/console
RUN node --input-type=module -e "import { bundle } from './tools/setup/bundles.mjs'; await bundle('/app', 'observability/console');"

FROM ${RUNTIME}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
COPY --from=dependencies /app .
COPY observability/console observability/console
COPY --from=bundles /app/observability/console/dist observability/console/dist
COPY observability/store observability/store
USER 1000
WORKDIR /app/observability/store
CMD ["node", "src/main.ts"]
