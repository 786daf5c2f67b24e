// A catcher in a process of its own, which counts every copy it takes.
import { dirname, join } from "node:path";

import { ROOT, startProgram } from "./program.mjs";

const SERVER = process.env.PALOMAR_SERVER ?? join(ROOT, "target/debug/palomar-server");
const BINARY = process.env.PALOMAR_CATCHER ?? join(dirname(SERVER), "palomar-catcher");

/**
 * Starts a catcher: `{ url, stop }`. `url` is what SMTP_URL takes. `stop()` ends it and resolves to
 * its report: `times`, a map of every address to the number of messages it got, and `duplicates`,
 * the Message-IDs that came more than once.
 */
export async function startCatcher() {
  const catcher = await startProgram(BINARY, {
    words: ["--bind", "127.0.0.1:0", "--report"],
    ready: /catching mail address=(\S+)/,
  });
  async function stop() {
    await catcher.stop();
    const times = new Map();
    const duplicates = [];
    for (const line of catcher.output().split("\n")) {
      const [kind, what, count] = line.split("\t");
      if (kind === "recipient") times.set(what, Number(count));
      if (kind === "duplicate") duplicates.push(what);
    }
    return { times, duplicates };
  }
  return { url: `smtp://${catcher.announced[1]}`, stop };
}
