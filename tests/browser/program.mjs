// One of the project's programs, run for a test and ended with it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The project's own folder; programs are started in it. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const START_LIMIT_MS = 60_000;
// Longer than the server's own drain deadline.
const STOP_LIMIT_MS = 40_000;

// Settings of whoever runs the tests must not reach the program.
const INHERITED = ["HOME", "LANG", "PATH", "TMPDIR"];

/**
 * Starts a program and resolves when a line it writes matches `ready`: `{ announced, output, stop }`.
 * `announced` is the match; `output()` is every line so far; `stop()` ends it as an operator would
 * and fails when it did not end cleanly. A program that does not get ready is ended and told of.
 */
export async function startProgram(binary, { words = [], environment = {}, ready }) {
  const program = spawn(binary, words, {
    cwd: ROOT,
    env: {
      ...Object.fromEntries(INHERITED.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : []))),
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = [];
  const output = () => said.join("\n");
  // A test that dies on its way must not leave a program behind.
  const kill = () => program.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise((resolve) => {
    program.once("error", (error) => resolve({ error }));
    // Not "exit": what it wrote last must have been read.
    program.once("close", (code, signal) => resolve({ code, signal }));
  });
  const listening = new Promise((resolve) => {
    for (const stream of [program.stdout, program.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        said.push(line);
        const match = ready.exec(line);
        if (match) resolve(match);
      });
    }
  });

  async function stop() {
    program.kill("SIGTERM");
    const end = await within(STOP_LIMIT_MS, ended).finally(kill);
    process.off("exit", kill);
    if (end?.code !== 0) throw new Error(`${binary} did not end cleanly: ${JSON.stringify(end)}\n${output()}`);
  }

  const announced = await within(START_LIMIT_MS, Promise.race([listening, ended.then(() => undefined)]));
  if (!announced) {
    kill();
    throw new Error(`${binary} did not start: ${JSON.stringify(await ended)}\n${output()}`);
  }
  return { announced, output, stop };
}

/** The promise's value, or `undefined` when it takes longer than the limit. */
function within(milliseconds, promise) {
  let timer;
  const limit = new Promise((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
