// A real Palomar for one test file: the real binary on a free port, with a data folder of its own.
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BINARY = process.env.PALOMAR_SERVER ?? join(ROOT, "target/debug/palomar-server");
const READY = /listening on (http:\/\/[^\s"]+)/;
const START_LIMIT_MS = 60_000;
// Longer than the server's own drain deadline.
const STOP_LIMIT_MS = 40_000;

// Settings of whoever runs the tests must not reach the server.
const INHERITED = ["HOME", "LANG", "PATH", "TMPDIR"];

/**
 * Starts the server and resolves when it says that it listens: `{ address, output, stop }`.
 * `address` has no trailing slash; `output()` is everything the server has said so far; `stop()`
 * ends it as an operator would, removes its data, and fails when it did not end cleanly.
 */
export async function startPalomar(environment = {}) {
  const data = await mkdtemp(join(tmpdir(), "palomar-"));
  const configuration = join(data, "palomar.toml");
  await writeFile(configuration, "");
  const server = spawn(BINARY, [], {
    cwd: ROOT,
    env: {
      ...Object.fromEntries(INHERITED.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : []))),
      HTTP_BIND: "127.0.0.1:0",
      DATABASE_URL: `sqlite://${join(data, "palomar.db")}`,
      PALOMAR_CONFIG: configuration,
      LOG_DIR: join(data, "logs"),
      NO_COLOR: "1",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = [];
  const output = () => said.join("\n");
  // A test that dies on its way must not leave a server behind.
  const kill = () => server.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise((resolve) => {
    server.once("error", (error) => resolve({ error }));
    server.once("exit", (code, signal) => resolve({ code, signal }));
  });

  const listening = new Promise((resolve) => {
    for (const stream of [server.stdout, server.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        const match = READY.exec(line);
        if (match) resolve(match[1].replace(/\/$/, ""));
      });
    }
  });

  async function stop() {
    server.kill("SIGTERM");
    const end = await within(STOP_LIMIT_MS, ended).finally(kill);
    process.off("exit", kill);
    await rm(data, { recursive: true, force: true });
    if (end?.code !== 0) throw new Error(`the server did not end cleanly: ${JSON.stringify(end)}\n${output()}`);
  }

  const address = await within(START_LIMIT_MS, Promise.race([listening, ended.then(() => undefined)]));
  if (!address) {
    kill();
    await rm(data, { recursive: true, force: true });
    throw new Error(`the server did not start: ${JSON.stringify(await ended)}\n${output()}`);
  }
  return { address, output, stop };
}

/** The promise's value, or `undefined` when it takes longer than the limit. */
function within(milliseconds, promise) {
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
