// What is kept of a run: the raw numbers in target/bench, and the measured part of docs/BENCHMARKS.md.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join } from "node:path";

import { FOLDER, ROOT, run } from "./processes.mjs";
import { version as postfix } from "./sink.mjs";
import { MARIADB } from "./stores.mjs";
import { markdown } from "./table.mjs";

const BEGIN = "<!-- measured -->";
const END = "<!-- /measured -->";

/** What of the project makes no difference to its programs. */
const APART = [":!docs", ":!scripts", ":!tests", ":!*.md", ":!Makefile", ":!.*"];

async function said(command, ...words) {
  const { output } = await run(command, words, { settings: process.env }).catch(() => ({ output: "" }));
  return output.trim().split("\n")[0];
}

/** The machine and the programs: those two runs that differ in `commit` or `day` are not put together. */
export async function circumstances() {
  const changed = await said("git", "status", "--porcelain", "--", ".", ...APART);
  const commit = await said("git", "log", "-1", "--format=%h", "--", ".", ...APART);
  return {
    day: new Date().toISOString().slice(0, 10),
    commit: (commit || "unknown") + (changed ? " and changes" : "") + (process.env.PALOMAR_BIN ? ", or what PALOMAR_BIN held" : ""),
    cores: cpus().length,
    processor: cpus()[0].model.trim(),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    kernel: release(),
    rustc: (await said("rustc", "--version")).split(" ")[1],
    mariadb: /Ver (\S+)/.exec(await said("mariadbd", "--no-defaults", "--version"))?.[1],
    redis: /v=(\S+)/.exec(await said("redis-server", "--version"))?.[1],
    node: process.version.slice(1),
    postfix: postfix(),
    wrk: /wrk (?:debian\/)?(\S+)/.exec((await run("sh", ["-c", "wrk -v || true"])).output)?.[1],
  };
}

/** Earlier figures that go with these: of the same size, day and commit. */
export function earlier(file, now) {
  if (!existsSync(file)) return {};
  const { circumstances: then, figures } = JSON.parse(readFileSync(file, "utf8"));
  return then.day === now.day && then.commit === now.commit ? figures : {};
}

export function keep(file, circumstances, figures) {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(file, JSON.stringify({ circumstances, figures }, undefined, 1));
}

const method = (size, runs, beside) => `
One run of \`make bench\`, everything on one machine and over its loopback address. Absolute numbers drift
with the machine and the hour, so ratios are what counts; each is taken against what was measured beside it
in the same run. Every figure is ${runs === 1 ? "one run" : `the median of ${runs} runs`}, with the lowest and the highest in brackets. MB
are 10⁶ bytes.

- **The sink** is Debian's \`smtp-sink\`, one process that takes everything and keeps nothing; it is one core
  at most. **smtp-source**, from the same package, is a C client that stores nothing:
  \`smtp-source -s 20 -m ${size.send} -l 1200 -d\`. It runs before and after every send of Palomar, and
  the ratio is against the mean of the two.
- **Palomar** runs with the settings it comes with, but for \`WORKER_CONCURRENCY=20\`: release build, each run
  with fresh processes on an empty database. *Embedded* is \`palomar-server\` alone on SQLite
  (\`synchronous=FULL\`); *distributed* is a server and one worker on MariaDB and Redis.
- **MariaDB** has \`${MARIADB.join(" ")}\` and its defaults besides; **Redis** keeps nothing on disk.
- **Send** is a campaign of ${size.send.toLocaleString("en-US")} (messages of 1.1 kB, the same for everybody), made by one \`POST /api/emails\`: from
  the arrival of its answer to the campaign's own \`completedAt\`, which has milliseconds. It is asked for
  its state every 200 ms meanwhile. Every campaign has to end with everybody SENT, or there is no figure.
- **Create** is the time of one POST with the whole list as JSON; nothing of the server ran before, and in
  the distributed size no worker runs. **Peak memory** is \`VmHWM\` of the process.
- **Import** streams a CSV file of ${size.imported.toLocaleString("en-US")} lines into a draft, made line by line as it is sent.
- **Cost per message** is \`startedAt\`, when a worker first took the campaign up, to \`completedAt\`, over the
  number of recipients; distributed, lists imported before, in the order of their size in the same
  processes. The smallest is sent three times in each run, and the median of these is taken. Start and end
  of a campaign weigh more on the small ones. The memory of server and worker is their peak over all of this.
- **A line of 20 ms** is a proxy in front of the sink that passes each chunk on 10 ms after it came, each way.
  ${size.line.toLocaleString("en-US")} recipients for each worker, half of them where nothing is pipelined (\`smtp-sink -p\`
  does not offer it).
- **GET while sending** is \`wrk -t1 -d${size.asking}s --latency\` with \`-c8\`, then \`-c64\`, on \`GET /api/emails/{id}\`, distributed; the campaign was
  still being sent when wrk ended, or there is no figure.
${
  beside
    ? `- **The Node stack** is the same product as a Node team would write it: Express, zod, Bull, Prisma, Nodemailer's
  pool; on the same MariaDB, Redis and sink, with ${size.peer.toLocaleString("en-US")} recipients at 20 connections, since it is slower.\n`
    : ""
}`;

const machine = (now) =>
  `Measured on ${now.day} at commit ${now.commit}: ${now.cores} cores of ${now.processor}, ${now.memory} of memory; ` +
  `Linux ${now.kernel}, Rust ${now.rustc}, MariaDB ${now.mariadb}, Redis ${now.redis}, Node.js ${now.node}, ` +
  `smtp-sink and smtp-source of postfix ${now.postfix}, wrk ${now.wrk}.`;

const INTRODUCTION = `# How fast it is

\`make bench\` measures this and writes the part between the two marks anew; what stands below them is written
by hand. A figure that falls short stays in the table. \`make profile\` shows where the time goes.
`;
const BY_HAND = `
## Where the time goes

## What was tried and dropped
`;

/** Writes the document, or only what is between its marks. */
export function write(file, { now, rows, size, runs, beside }) {
  const measured = [BEGIN, "", machine(now), "", "## The figures", "", markdown(rows), "", "## How it was measured", method(size, runs, beside), END].join("\n");
  const before = existsSync(file) ? readFileSync(file, "utf8") : `${INTRODUCTION}\n${BEGIN}\n${END}\n${BY_HAND}`;
  const [begin, end] = [before.indexOf(BEGIN), before.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${file} has lost its marks ${BEGIN} and ${END}`);
  writeFileSync(file, before.slice(0, begin) + measured + before.slice(end + END.length));
}

/** Where a run keeps its raw numbers and its document; small sizes are apart. */
export const files = (quick) => ({
  raw: join(FOLDER, quick ? "quick.json" : "figures.json"),
  document: quick ? join(FOLDER, "quick.md") : join(ROOT, "docs/BENCHMARKS.md"),
});
