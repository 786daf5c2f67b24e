// Debian's smtp-sink, which takes mail and keeps none, smtp-source, the C client that everything is
// compared with, and a line that takes its time.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";

import { ROOT, freePort, run, start } from "./processes.mjs";

const TOOLS = join(ROOT, "target/tools/postfix");
const program = (name) => join(TOOLS, "usr/sbin", name);

/** The version of Debian's package. */
export const version = () => readFileSync(join(TOOLS, "version"), "utf8").trim();

// They were unpacked, not installed, and so were those of their libraries that were not there.
function libraries() {
  const folders = ["usr/lib/postfix"];
  for (const base of ["usr/lib", "lib"]) {
    if (!existsSync(join(TOOLS, base))) continue;
    folders.push(...readdirSync(join(TOOLS, base)).filter((name) => name.endsWith("-linux-gnu")).map((name) => join(base, name)));
  }
  return { LD_LIBRARY_PATH: folders.map((folder) => join(TOOLS, folder)).join(":") };
}

const reachable = (port) =>
  new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket.destroy())).on("error", reject);
  });

/** Starts a sink: `{ port, url, pid, stop }`. */
export async function startSink({ pipelining = true } = {}) {
  const port = await freePort();
  const words = [`127.0.0.1:${port}`, "1000"];
  if (!pipelining) words.unshift("-p");
  // It insists on being somebody else than root.
  if (process.getuid() === 0) words.unshift("-u", "nobody");
  const sink = await start("smtp-sink", program("smtp-sink"), words, {
    settings: libraries(),
    ready: () => reachable(port).then(() => true),
  });
  return { ...sink, port, url: `smtp://127.0.0.1:${port}` };
}

/** How many messages a second smtp-source hands to the sink over as many connections as Palomar has. */
export async function sourceRate(sink, messages, connections) {
  const words = ["-s", connections, "-m", messages, "-l", 1200, "-d", "-f", "a@example.test", "-t", "b@example.test"];
  const { seconds } = await run(program("smtp-source"), [...words.map(String), `127.0.0.1:${sink.port}`], {
    settings: libraries(),
  });
  return messages / seconds;
}

/** A line in front of a sink that takes `delay` ms each way: `{ url, stop }`. */
export async function startLine(sink, delay) {
  const line = await start("line", process.execPath, [join(ROOT, "tests/bench/line.mjs"), String(sink.port), String(delay)], {
    ready: /listening on (\d+)/,
  });
  return { ...line, url: `smtp://127.0.0.1:${line.announced[1]}` };
}
