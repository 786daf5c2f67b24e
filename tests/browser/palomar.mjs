// A real Palomar for one test file: the real binary on a free port, with a data folder of its own.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ROOT, startProgram } from "./program.mjs";

const BINARY = process.env.PALOMAR_SERVER ?? join(ROOT, "target/debug/palomar-server");

/**
 * Starts the server and resolves when it says that it listens: `{ address, output, stop }`.
 * `address` has no trailing slash; `output()` is everything the server has said so far; `stop()`
 * ends it as an operator would, removes its data, and fails when it did not end cleanly.
 */
export async function startPalomar(environment = {}) {
  const data = await mkdtemp(join(tmpdir(), "palomar-"));
  const removeData = () => rm(data, { recursive: true, force: true });
  try {
    const configuration = join(data, "palomar.toml");
    await writeFile(configuration, "");
    const server = await startProgram(BINARY, {
      environment: {
        HTTP_BIND: "127.0.0.1:0",
        DATABASE_URL: `sqlite://${join(data, "palomar.db")}`,
        PALOMAR_CONFIG: configuration,
        LOG_DIR: join(data, "logs"),
        NO_COLOR: "1",
        ...environment,
      },
      ready: /listening on (http:\/\/[^\s"]+)/,
    });
    return {
      address: server.announced[1].replace(/\/$/, ""),
      output: server.output,
      stop: () => server.stop().finally(removeData),
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}
