// Programs that are measured, and those they need: started here, looked at in /proc, and ended by their
// own process ids whatever happens.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's own folder; programs are started in it. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** What is kept from run to run. */
export const FOLDER = join(ROOT, "target/bench");
/** Private data and logs of one run; the next one empties it. */
export const WORK = join(FOLDER, "work");

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 20_000;
// Settings of whoever measures must not reach what is measured.
const INHERITED = ["HOME", "LANG", "PATH", "TMPDIR"];

const running = new Set();
const killAll = () => running.forEach((child) => child.kill("SIGKILL"));
process.on("exit", killAll);
// Killed itself, this cannot kill any more; then the kernel does. (Not smtp-sink, which changes its user.)
const BOUND = ["setpriv", "--pdeathsig", "KILL", "--"];
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

/** An empty folder for what programs keep and say. */
export function emptyWork() {
  rmSync(WORK, { recursive: true, force: true });
  mkdirSync(join(WORK, "logs"), { recursive: true });
}

/** Takes away what programs kept; what they said stays. */
export function tidyWork() {
  for (const name of readdirSync(WORK)) {
    if (name !== "logs") rmSync(join(WORK, name), { recursive: true, force: true });
  }
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The settings that are passed on, and `more`. */
export function environment(more = {}) {
  const inherited = INHERITED.flatMap((name) => (name in process.env ? [[name, process.env[name]]] : []));
  return { ...Object.fromEntries(inherited), ...more };
}

/** A port of the loopback address that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

let count = 0;

/**
 * Starts a program and resolves when it is ready: `{ pid, announced, said, stop, memory }`. `ready` is
 * a pattern for what it says, whose match is `announced`, or a function that resolves once it is.
 */
export async function start(name, command, words, { settings = {}, folder = ROOT, ready = async () => true } = {}) {
  const log = join(WORK, "logs", `${String(++count).padStart(3, "0")}-${name}.log`);
  const output = openSync(log, "w");
  const [first, ...rest] = [...BOUND, command, ...words];
  const child = spawn(first, rest, { cwd: folder, env: environment(settings), stdio: ["ignore", output, output] });
  closeSync(output);
  running.add(child);
  let end;
  const ended = new Promise((resolve) => {
    const over = (how) => {
      running.delete(child);
      end = how;
      resolve();
    };
    child.once("error", (error) => over(error.message));
    child.once("exit", (code, signal) => over(signal ?? `code ${code}`));
  });
  const said = () => readFileSync(log, "utf8");
  const fault = (what) => {
    child.kill("SIGKILL");
    return new Error(`${name} ${what}${end ? ` (${end})` : ""}: ${said().trim().split("\n").slice(-5).join(" / ")}`);
  };

  const deadline = Date.now() + START_LIMIT_MS;
  let announced;
  while (!announced) {
    if (end) throw fault("did not start");
    if (Date.now() > deadline) throw fault("was not ready in time");
    announced = ready instanceof RegExp ? ready.exec(said()) : await ready().catch(() => undefined);
    if (!announced) await pause(50);
  }
  return {
    pid: child.pid,
    announced,
    said,
    /** Fails when it has ended by itself. */
    check() {
      if (end) throw fault("ended");
    },
    /** Its peak resident memory so far, in MB (10⁶ bytes). */
    memory() {
      const peak = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"));
      return (Number(peak[1]) * 1024) / 1e6;
    },
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

/** Runs a program to its end: `{ output, seconds }`. Fails with what it said when it fails. */
export function run(command, words, { settings = {}, folder = ROOT, limit = 300_000 } = {}) {
  return new Promise((resolve, reject) => {
    const begun = performance.now();
    const child = spawn(command, words, { cwd: folder, env: environment(settings), stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    const timer = setTimeout(() => child.kill("SIGKILL"), limit);
    child.once("error", (error) => reject(new Error(`${command}: ${error.message}`)));
    child.once("exit", () => clearTimeout(timer));
    child.once("close", (code, signal) => {
      running.delete(child);
      const seconds = (performance.now() - begun) / 1000;
      if (code === 0) resolve({ output, seconds });
      else reject(new Error(`${command} ended with ${signal ?? code}: ${output.trim().slice(-500)}`));
    });
  });
}
