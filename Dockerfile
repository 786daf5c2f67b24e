# One image for server, worker and catcher. `docker compose up` builds it; see docs/DEPLOYMENT.md.

FROM node:22-bookworm-slim AS node

FROM rust:1.95-bookworm AS build
WORKDIR /palomar
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=node /usr/local/lib/node_modules /usr/local/lib/node_modules
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
# The tools first: they take longest and change seldom.
COPY Cargo.toml Cargo.lock package.json package-lock.json .npmrc ./
COPY scripts/environment.sh scripts/setup scripts/
RUN scripts/setup run
COPY . .
# Backtraces keep their names without the lines, and the image is half its size.
RUN export CARGO_PROFILE_RELEASE_DEBUG=false CARGO_PROFILE_RELEASE_STRIP=debuginfo \
 && scripts/bundle \
 && cargo build --release --locked --package server --package worker --package catcher --bins \
 && install -D --target-directory=/image/bin target/release/palomar-server target/release/palomar-worker target/release/palomar-catcher \
 && cp -r dist /image/dist \
 && rm -rf target/release target/wasm

FROM debian:bookworm-slim
RUN useradd --system --create-home --home-dir /palomar palomar \
 && install -d -o palomar -g palomar /palomar/data
COPY --from=build /image/bin/ /usr/local/bin/
COPY --from=build /image/dist /palomar/dist
# Not root; its logs, and the database file of the embedded size, are in /palomar/data.
USER palomar
WORKDIR /palomar
EXPOSE 3000
CMD ["palomar-server"]
