# One image for every service; the service is the command. Both stages take another base by --build-arg.
ARG BUILD_IMAGE=node:26-bookworm
ARG RUNTIME_IMAGE=node:26-bookworm-slim

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY . .
RUN node scripts/bootstrap.mjs pnpm install --frozen-lockfile
RUN node scripts/bootstrap.mjs pnpm exec tsc -b \
 && node scripts/bootstrap.mjs pnpm --filter @clearwater/cw deploy --prod /app

FROM ${RUNTIME_IMAGE}
WORKDIR /app
COPY --from=build /app .
# By number: not every base image has a user called node.
RUN mkdir /data && chown 10001:10001 /data
USER 10001:10001
VOLUME /data
EXPOSE 5060/udp 5060/tcp 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["lab", "--data", "/data", "--listen", "0.0.0.0", "--http-listen", "0.0.0.0", "--advertise", "127.0.0.1"]
