// Measures everything, or with ONLY=word what has the word in its name; scripts/bench says more.
import { relative } from "node:path";

import { FIGURES, sizes } from "./figures.mjs";
import { hasPeer } from "./peer.mjs";
import { ROOT, emptyWork, tidyWork } from "./processes.mjs";
import { circumstances, earlier, files, keep, write } from "./report.mjs";
import { startSink } from "./sink.mjs";
import { startStores } from "./stores.mjs";
import { line } from "./table.mjs";

const LIMIT_MINUTES = 90;

const quick = Boolean(process.env.QUICK);
const runs = Number(process.env.RUNS || (quick ? 1 : 3));
const only = process.env.ONLY ?? "";
const chosen = FIGURES.filter(({ id, peer }) => id.includes(only) && (hasPeer || !peer));
if (!chosen.length || !(runs >= 1)) {
  console.error(`palomar: RUNS is a number, and ONLY a part of one of ${FIGURES.map(({ id }) => id).join(", ")}`);
  process.exit(1);
}

// Whatever hangs: leaving ends all that was started.
setTimeout(() => {
  console.error(`palomar: after ${LIMIT_MINUTES} minutes this was given up; what was measured is kept`);
  process.exit(1);
}, LIMIT_MINUTES * 60_000).unref();

emptyWork();
const file = files(quick);
const now = await circumstances();
const figures = earlier(file.raw, now);
const size = sizes(quick);
let stores;
const bench = {
  size,
  runs,
  sink: await startSink(),
  stores: () => (stores ??= startStores()),
  tell: (found) => {
    const words = Object.entries(found).map(([name, value]) => `${name} ${Number(value.toPrecision(4)).toLocaleString("en-US")}`);
    console.log(`    ${words.join(", ")}`);
  },
};

const of = (id) => (figures[id]?.fault ? undefined : figures[id]);
const rowsOf = ({ id, title, rows }) => {
  if (!figures[id]) return [];
  return figures[id].fault ? [{ figure: title, fault: figures[id].fault }] : rows(figures[id], of);
};

for (const figure of chosen) {
  console.log(`==> ${figure.title}`);
  try {
    figures[figure.id] = await figure.measure(bench);
  } catch (error) {
    figures[figure.id] = { fault: error.message };
    console.log(`    ${error.message}`);
  }
  keep(file.raw, now, figures);
}
await bench.sink.stop();
await (await stores?.catch(() => {}))?.stop();
tidyWork();

const rows = FIGURES.flatMap(rowsOf);
console.log();
for (const row of rows) console.log(line(row));
write(file.document, { now, rows, size, runs, beside: FIGURES.some(({ id, peer }) => peer && of(id)) });
console.log(`\nThe table is in ${relative(ROOT, file.document)}, the raw numbers are in ${relative(ROOT, file.raw)}`);
const missing = chosen.filter(({ id }) => !of(id)).map(({ title }) => title);
if (missing.length) console.error(`palomar: not measured: ${missing.join("; ")}`);
// Connections that fetch keeps would hold this open.
process.exit(missing.length ? 1 : 0);
