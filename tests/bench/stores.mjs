// A MariaDB and a Redis for the measurement alone: private data, free ports on loopback.
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { WORK, freePort, run, start } from "./processes.mjs";

/** What MariaDB is told; the rest is as it comes. The document says so. */
export const MARIADB = ["--innodb-flush-log-at-trx-commit=1", "--skip-log-bin", "--innodb-buffer-pool-size=1G"];

/**
 * Starts both: `{ mariadb, redis, sql, database, redisUrl, stop }`. `sql(text)` runs statements;
 * `database()` makes an empty one and resolves to its `{ url, drop }`.
 */
export async function startStores() {
  // The path of a socket has a short end.
  const sockets = mkdtempSync(join(tmpdir(), "palomar-bench-"));
  const removeSockets = () => rmSync(sockets, { recursive: true, force: true });
  process.once("exit", removeSockets);
  const [mariadbPort, redisPort] = [await freePort(), await freePort()];
  const user = userInfo().username;
  const data = join(WORK, "mariadb");
  const password = randomBytes(16).toString("hex");
  const installing = ["--no-defaults", `--datadir=${data}`, "--auth-root-authentication-method=normal", "--skip-test-db"];
  await run("mariadb-install-db", [...installing, `--user=${user}`]);
  const users = join(WORK, "users.sql");
  writeFileSync(
    users,
    `CREATE USER 'palomar'@'127.0.0.1' IDENTIFIED BY '${password}';\nGRANT ALL ON *.* TO 'palomar'@'127.0.0.1' WITH GRANT OPTION;\n`,
  );
  const client = ["--no-defaults", "--protocol=tcp", "-h", "127.0.0.1", "-P", String(mariadbPort), "-u", "palomar", `-p${password}`];
  const sql = (text, database = "mysql") => run("mariadb", [...client, "-N", "-e", text, database]).then(({ output }) => output.trim());
  const where = [`--datadir=${data}`, `--socket=${join(sockets, "mariadb")}`, "--bind-address=127.0.0.1", `--port=${mariadbPort}`];
  const mariadb = await start(
    "mariadb",
    "mariadbd",
    ["--no-defaults", `--user=${user}`, ...where, "--skip-name-resolve", `--init-file=${users}`, "--max-connections=1000", ...MARIADB],
    { ready: () => sql("SELECT 1").then(() => true) },
  );
  const redis = await start(
    "redis",
    "redis-server",
    ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", WORK],
    { ready: () => run("redis-cli", ["-p", String(redisPort), "ping"]).then(() => true) },
  );

  let made = 0;
  async function database() {
    const name = `bench_${++made}`;
    await sql(`CREATE DATABASE ${name}`);
    return {
      name,
      url: `mysql://palomar:${password}@127.0.0.1:${mariadbPort}/${name}?ssl-mode=disabled`,
      drop: () => sql(`DROP DATABASE ${name}`),
    };
  }
  return {
    mariadb,
    redis,
    sql,
    database,
    mariadbPort,
    redisPort,
    password,
    redisUrl: `redis://127.0.0.1:${redisPort}`,
    async stop() {
      await Promise.all([mariadb.stop(), redis.stop()]);
      removeSockets();
    },
  };
}
