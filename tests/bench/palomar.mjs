// A Palomar for one measurement: fresh processes on an empty database, with the settings it comes with.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { ROOT, WORK, start } from "./processes.mjs";

const PROGRAMS = resolve(ROOT, process.env.PALOMAR_BIN ?? join(process.env.CARGO_TARGET_DIR ?? "target", "release"));

let made = 0;

/**
 * Starts Palomar: `{ address, server, workers, stop }`. Distributed on `stores` where they are given,
 * with `workers` workers; else embedded. `settings` are said to all its processes.
 */
export async function startPalomar({ stores, smtp, workers = 1, settings = {} }) {
  const folder = join(WORK, `palomar-${++made}`);
  mkdirSync(folder, { recursive: true });
  const configuration = join(folder, "palomar.toml");
  writeFileSync(configuration, "");
  const database = await stores?.database();
  const all = {
    HTTP_BIND: "127.0.0.1:0",
    DATABASE_URL: database?.url ?? `sqlite://${join(folder, "palomar.db")}`,
    PALOMAR_CONFIG: configuration,
    LOG_DIR: join(folder, "logs"),
    NO_COLOR: "1",
    SMTP_URL: smtp,
    MAIL_FROM: "news@example.test",
    WORKER_CONCURRENCY: "20",
    ...(stores && { REDIS_URL: stores.redisUrl, REDIS_PREFIX: database.name }),
    ...settings,
  };
  const programs = [];
  const started = async (name, ready) => {
    programs.push(await start(name, join(PROGRAMS, name), [], { settings: all, ready }));
    return programs.at(-1);
  };
  async function stop() {
    await Promise.all(programs.map((program) => program.stop()));
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  }
  try {
    const server = await started("palomar-server", /listening on (http:\/\/[^\s"]+)/);
    // One after the other: the first to start would otherwise measure the others' start too.
    for (let i = 0; stores && i < workers; i++) await started("palomar-worker", /sending/);
    return { address: server.announced[1].replace(/\/$/, ""), server, workers: programs.slice(1), stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}
