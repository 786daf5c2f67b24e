// The Node stack that PEER names: the same product as a Node team would write it. It is measured from a
// copy, whose fixed addresses are replaced by those of this run's stores and sink; nothing else is changed.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";

import { FOLDER, ROOT, freePort, run, start } from "./processes.mjs";

const ORIGIN = process.env.PEER && resolve(ROOT, process.env.PEER);
const COPY = join(FOLDER, "node-stack");
const FILES = ["db.ts", "server.ts", "worker.ts", "schema.sql", "package.json", "prisma", "prisma.config.ts"];

/** Whether there is one to measure against. */
export const hasPeer = Boolean(ORIGIN);

// Once for each package.json; the settings of npm are the caller's.
async function install() {
  mkdirSync(COPY, { recursive: true });
  const [wanted, stamp] = [readFileSync(join(ORIGIN, "package.json"), "utf8"), join(COPY, "installed")];
  for (const file of FILES) cpSync(join(ORIGIN, file), join(COPY, file), { recursive: true });
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const settings = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true", CHECKPOINT_DISABLE: "1" };
  await run("npm", ["install", "--no-audit", "--no-fund"], { folder: COPY, settings });
  await run("npx", ["prisma", "generate"], { folder: COPY, settings });
  writeFileSync(stamp, wanted);
}

function replace(file, changes) {
  let text = readFileSync(join(ORIGIN, file), "utf8");
  for (const [from, to] of changes) {
    if (!text.includes(from)) throw new Error(`the Node stack's ${file} no longer says ${from}`);
    text = text.replaceAll(from, to);
  }
  writeFileSync(join(COPY, file), text);
}

let installed;

/** Starts it on an empty database: `{ address, server, worker, stop }`; its worker only where wanted. */
export async function startPeer({ stores, sink, connections = 20, sends = true }) {
  await (installed ??= install());
  const port = await freePort();
  const redis = ["redis://127.0.0.1:6379", `redis://127.0.0.1:${stores.redisPort}`];
  replace("db.ts", [["port: 3306", `port: ${stores.mariadbPort}`]]);
  replace("server.ts", [redis, ["listen(3300", `listen(${port}`]]);
  replace("worker.ts", [redis, ["port: 2525", `port: ${sink.port}`]]);
  await stores.sql(readFileSync(join(COPY, "schema.sql"), "utf8"));
  await run("redis-cli", ["-p", String(stores.redisPort), "-n", "5", "flushdb"]);

  const programs = [];
  // tsx's own command would run it in a process beside itself.
  const started = async (name, ready) => {
    const settings = { CONCURRENCY: String(connections) };
    const words = ["--import", "tsx", `${name}.ts`];
    programs.push(await start(`node-${name}`, process.execPath, words, { folder: COPY, settings, ready }));
  };
  const stop = async () => {
    await Promise.all(programs.map((program) => program.stop()));
    await stores.sql("DROP DATABASE peer");
  };
  try {
    await started("server", () => answers(port));
    if (sends) await started("worker");
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
  return { address: `http://127.0.0.1:${port}`, server: programs[0], worker: programs[1], stop };
}

const answers = (port) =>
  new Promise((done, failed) => {
    const socket = connect(port, "127.0.0.1", () => done(Boolean(socket.destroy()))).on("error", failed);
  });
