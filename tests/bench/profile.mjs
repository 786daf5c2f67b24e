// Records with perf where the time goes while a campaign is worked on; scripts/profile says what can be
// chosen, and makes reports and pictures of what this records.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { create, importDraft, sinceStart, startDraft, untilSent } from "./campaign.mjs";
import { startPalomar } from "./palomar.mjs";
import { ROOT, emptyWork, start } from "./processes.mjs";
import { startSink } from "./sink.mjs";
import { startStores } from "./stores.mjs";

const { SIZE = "embedded", WHAT = "send", RECIPIENTS = "200000", DELIVERY_WINDOW } = process.env;
const recipients = Number(RECIPIENTS);
const OUTPUT = join(ROOT, "target/profile");

// How much of each stack is copied at a sample: enough for what a future of ours nests.
const STACK = 16_384;
const DATA = join(OUTPUT, "perf.data");

// The whole machine, and what belongs to whom is told apart afterwards: a recorder of single processes
// sets up its timers at each change between threads, and made sending three times as slow.
const record = () =>
  start("perf", "perf", ["record", "-a", "-F", "499", "--call-graph", `dwarf,${STACK}`, "-o", DATA], {
    // It says nothing when it begins, but its file is there then.
    ready: async () => existsSync(DATA),
  });

emptyWork();
rmSync(OUTPUT, { recursive: true, force: true });
mkdirSync(OUTPUT, { recursive: true });

const distributed = SIZE === "distributed";
const stores = distributed ? await startStores() : undefined;
const sink = await startSink();
const palomar = await startPalomar({
  stores,
  smtp: sink.url,
  settings: DELIVERY_WINDOW ? { DELIVERY_WINDOW } : {},
});
const { address, server, workers } = palomar;
const processes = distributed ? { server, worker: workers[0], mariadbd: stores.mariadb, sink } : { server, sink };
writeFileSync(join(OUTPUT, "processes"), Object.entries(processes).map(([name, { pid }]) => `${name} ${pid}\n`).join(""));

// What is recorded; what has to be there before is made before.
const work = {
  async send() {
    const { id } = await create(address, recipients, { more: { draft: true } });
    return async () => {
      await startDraft(address, id);
      return sinceStart(await untilSent(address, id, recipients));
    };
  },
  create: async () => async () => (await create(address, recipients, { more: { draft: true } })).seconds,
  import: async () => async () => (await importDraft(address, recipients)).seconds,
};
if (!work[WHAT]) throw new Error("WHAT is send, create or import");
const recorded = await work[WHAT]();
const perf = await record();
const seconds = await recorded();
await perf.stop();
console.log(`${WHAT}, ${SIZE}: ${recipients} recipients in ${seconds.toFixed(2)} s, ${Math.round(recipients / seconds)} a second under perf`);

await palomar.stop();
await sink.stop();
await stores?.stop();
process.exit(0);
