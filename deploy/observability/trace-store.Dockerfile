# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages packages
COPY observability/telemetry observability/telemetry
COPY observability/origin observability/origin
COPY observability/store/package.json observability/store/package.json
RUN npm ci --workspace observability/store --omit=dev --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=dependencies /app .
COPY observability/store observability/store
USER 1000
WORKDIR /app/observability/store
CMD ["node", "src/main.ts"]
