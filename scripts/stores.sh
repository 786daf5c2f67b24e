# A MariaDB and a Redis for the tests alone: private data, free ports on loopback, stopped by their
# own process ids whatever happens. Servers that run already are neither used nor touched. Sourced by
# scripts/test, after environment.sh.
# shellcheck shell=bash

STORES=$ROOT/target/stores
store_pids=()
store_sockets=

# Two ports nobody listens on.
free_ports() {
  node -e '
    const servers = [0, 0].map(() => require("net").createServer().listen(0, "127.0.0.1"));
    Promise.all(servers.map((server) => new Promise((done) => server.on("listening", done)))).then(() => {
      console.log(servers.map((server) => server.address().port).join(" "));
      servers.forEach((server) => server.close());
    });'
}

# `wait_for_store NAME PID COMMAND...` until the command succeeds; its server must live meanwhile.
wait_for_store() {
  local name=$1 pid=$2 deadline=$((SECONDS + 60))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [ $SECONDS -gt $deadline ] || ! kill -0 "$pid" 2>/dev/null; then
      tail -n 20 "$STORES/$name.log" >&2
      fail "$name did not start; its last words are above."
    fi
    sleep 0.1
  done
}

# A certificate and the authority that signed it, so that the way over TLS is tested too.
make_certificate() {
  (
    cd "$STORES"
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=palomar test authority" -keyout ca.key -out ca.crt
    openssl req -newkey rsa:2048 -nodes -subj "/CN=palomar test" -keyout tls.key -out tls.csr
    openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out tls.crt \
      -extfile <(printf 'subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n')
  ) 2>/dev/null
}

start_mariadb() {
  local port=$1 password data=$STORES/mariadb
  password=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  store_sockets=$(mktemp -d)
  make_certificate
  mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal \
    --skip-test-db --user="$(id -un)" >"$STORES/mariadb-install.log" 2>&1
  cat >"$STORES/users.sql" <<SQL
CREATE USER 'palomar'@'127.0.0.1' IDENTIFIED BY '$password';
GRANT ALL ON *.* TO 'palomar'@'127.0.0.1' WITH GRANT OPTION;
SQL
  # Nothing here has to outlive a power cut.
  mariadbd --no-defaults --user="$(id -un)" --datadir="$data" --socket="$store_sockets/mariadb" \
    --bind-address=127.0.0.1 --port="$port" --skip-name-resolve --init-file="$STORES/users.sql" \
    --ssl-cert="$STORES/tls.crt" --ssl-key="$STORES/tls.key" --max-connections=1000 \
    --innodb-flush-log-at-trx-commit=2 --innodb-buffer-pool-size=256M >"$STORES/mariadb.log" 2>&1 &
  store_pids+=($!)
  wait_for_store mariadb $! mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P "$port" \
    -u palomar -p"$password" -e 'SELECT 1'
  export PALOMAR_TEST_DATABASE_URL="mysql://palomar:$password@127.0.0.1:$port/mysql?ssl-mode=disabled"
  export PALOMAR_TEST_DATABASE_CA=$STORES/ca.crt
}

start_redis() {
  local port=$1
  redis-server --port "$port" --bind 127.0.0.1 --save "" --appendonly no --dir "$STORES" \
    >"$STORES/redis.log" 2>&1 &
  store_pids+=($!)
  wait_for_store redis $! redis-cli -p "$port" ping
  export PALOMAR_TEST_REDIS_URL=redis://127.0.0.1:$port
}

# Starts both and tells the tests where they are. Whoever has told them already wants others.
start_stores() {
  [ -z "${PALOMAR_TEST_DATABASE_URL:-}${PALOMAR_TEST_REDIS_URL:-}" ] || return 0
  local mariadb_port redis_port
  read -r mariadb_port redis_port < <(free_ports)
  rm -rf "$STORES"
  mkdir -p "$STORES"
  trap stop_stores EXIT
  trap 'exit 130' INT TERM
  start_mariadb "$mariadb_port"
  start_redis "$redis_port"
}

stop_stores() {
  [ ${#store_pids[@]} -gt 0 ] || return 0
  kill "${store_pids[@]}" 2>/dev/null || true
  wait "${store_pids[@]}" 2>/dev/null || true
  store_pids=()
  rm -rf "$STORES" "${store_sockets:?}"
}
