// What is measured, one entry each: `measure` resolves to plain numbers, which are kept, and `rows` makes
// lines of the table of them. `of` gives rows the numbers of other entries, where there are any.
import { create, get, importDraft, sinceAnswer, sinceStart, startDraft, untilSent } from "./campaign.mjs";
import { startPeer } from "./peer.mjs";
import { startPalomar } from "./palomar.mjs";
import { pause, run } from "./processes.mjs";
import { sourceRate, startLine, startSink } from "./sink.mjs";
import { median } from "./table.mjs";

const CONNECTIONS = 20;
const LINE_DELAY_MS = 10;

/** How much of everything; the small sizes only show that it runs. */
export function sizes(quick) {
  return quick
    ? { send: 5_000, peer: 300, create: 10_000, imported: 50_000, scale: [1_000, 5_000, 20_000], line: 1_500, asked: 60_000, asking: 3, askedPeer: 2_000 }
    : { send: 60_000, peer: 3_000, create: 100_000, imported: 1_000_000, scale: [10_000, 100_000, 1_000_000], line: 20_000, asked: 600_000, asking: 8, askedPeer: 10_000 };
}

const number = (n) => n.toLocaleString("en-US");

/** Uses something that has to be stopped, and stops it. */
async function using(starting, use) {
  const thing = await starting;
  try {
    return await use(thing);
  } finally {
    await thing.stop();
  }
}

/** `each` for every run, one after the other; resolves to `{ name: [value of each run] }`. */
async function repeated(bench, each) {
  const series = {};
  for (let i = 0; i < bench.runs; i++) {
    const found = await each();
    bench.tell(found);
    for (const [name, value] of Object.entries(found)) (series[name] ??= []).push(value);
  }
  return series;
}

// --- Sending ---

// `limits` are [against, at least, aim]. A campaign of another kind is a line here: `more` is said in its
// create, `recipient` makes its recipients, `distributed` puts it on the stores.
const SENDING = [
  { id: "send-embedded", title: "send, embedded", limits: [["source", 0.8, 1.4]] },
  {
    id: "send-embedded-window",
    title: `send, embedded, window ${4 * CONNECTIONS}`,
    settings: { DELIVERY_WINDOW: String(4 * CONNECTIONS) },
    limits: [["source"]],
  },
  { id: "send-distributed", title: "send, distributed, default window", distributed: true, limits: [["source", 0.5, 0.8], ["peer", 50]] },
  {
    id: "send-window",
    title: `send, distributed, window ${4 * CONNECTIONS}`,
    distributed: true,
    settings: { DELIVERY_WINDOW: String(4 * CONNECTIONS) },
    limits: [["source", 0.65, 1]],
  },
];

async function sendRate(bench, { distributed, settings, more, recipient }) {
  const { sink, size } = bench;
  const options = { stores: distributed && (await bench.stores()), smtp: sink.url, settings };
  return using(startPalomar(options), async ({ address, server, workers }) => {
    const created = await create(address, size.send, { more, recipient });
    return size.send / sinceAnswer(created, await untilSent(address, created.id, size.send, [server, ...workers]));
  });
}

const sending = SENDING.map((kind) => ({
  id: kind.id,
  title: kind.title,
  measure: (bench) =>
    repeated(bench, async () => {
      const source = () => sourceRate(bench.sink, bench.size.send, CONNECTIONS);
      const before = await source();
      const rate = await sendRate(bench, kind);
      return { rate, source: (before + (await source())) / 2 };
    }),
  rows: ({ rate, source }, of) =>
    kind.limits.flatMap(([against, least, aim]) => {
      const row = { figure: kind.title, unit: "messages/s", values: rate, least, aim };
      if (against === "source") return [{ ...row, ratio: rate.map((value, i) => value / source[i]), against: "smtp-source", base: source }];
      const peer = of("send-node")?.rate;
      return peer ? [{ ...row, ratio: rate.map((value) => value / median(peer)), against: "the Node stack" }] : [];
    }),
}));

const sendingNode = {
  id: "send-node",
  title: "send, the Node stack",
  peer: true,
  measure: async (bench) => {
    const [stores, { sink, size }] = [await bench.stores(), bench];
    return repeated(bench, () =>
      using(startPeer({ stores, sink, connections: CONNECTIONS }), async ({ address, server, worker }) => {
        const created = await create(address, size.peer);
        return { rate: size.peer / sinceAnswer(created, await untilSent(address, created.id, size.peer, [server, worker])) };
      }),
    );
  },
  rows: ({ rate }) => [{ figure: "send, the Node stack", unit: "messages/s", values: rate }],
};

// --- Storing ---

async function creation(bench, starting) {
  return using(starting(), async ({ address, server }) => {
    const { seconds } = await create(address, bench.size.create);
    return { seconds, memory: server.memory() };
  });
}

const creating = [
  ["create-distributed", "on MariaDB", async (bench) => ({ stores: await bench.stores(), workers: 0 })],
  ["create-embedded", "embedded", async () => ({})],
].map(([id, where, options]) => ({
  id,
  title: `create by POST, ${where}`,
  measure: async (bench) => {
    const chosen = { ...(await options(bench)), smtp: bench.sink.url };
    return { recipients: bench.size.create, ...(await repeated(bench, () => creation(bench, () => startPalomar(chosen)))) };
  },
  rows: ({ recipients, seconds, memory }, of) => {
    const peer = of("create-node");
    const figure = `create ${number(recipients)} by POST, ${where}`;
    const against = "the Node stack";
    return [
      {
        figure,
        unit: "s",
        values: seconds,
        ...(peer && { ratio: seconds.map((value) => median(peer.seconds) / value), against: `faster than ${against}`, least: 10 }),
      },
      {
        figure: `${figure}: the server's peak memory`,
        unit: "MB",
        values: memory,
        ...(peer && { ratio: memory.map((value) => value / median(peer.memory)), against, most: 0.2 }),
      },
    ];
  },
}));

const creatingNode = {
  id: "create-node",
  title: "create by POST, the Node stack",
  peer: true,
  measure: async (bench) => {
    const options = { stores: await bench.stores(), sink: bench.sink, sends: false };
    return { recipients: bench.size.create, ...(await repeated(bench, () => creation(bench, () => startPeer(options)))) };
  },
  rows: ({ recipients, seconds, memory }) => [
    { figure: `create ${number(recipients)} by POST, the Node stack`, unit: "s", values: seconds },
    { figure: `create ${number(recipients)} by POST, the Node stack: its server's peak memory`, unit: "MB", values: memory },
  ],
};

const importing = [
  ["import-distributed", "MariaDB", async (bench) => ({ stores: await bench.stores(), workers: 0 }), { least: 50_000 }, { most: 128, aim: 64 }],
  ["import-embedded", "SQLite", async () => ({}), {}, {}],
].map(([id, where, options, speed, weight]) => ({
  id,
  title: `import of CSV, on ${where}`,
  measure: async (bench) => {
    const [chosen, recipients] = [{ ...(await options(bench)), smtp: bench.sink.url }, bench.size.imported];
    const found = await repeated(bench, () =>
      using(startPalomar(chosen), async ({ address, server }) => {
        const { seconds } = await importDraft(address, recipients);
        return { rate: recipients / seconds, memory: server.memory() };
      }),
    );
    return { recipients, ...found };
  },
  rows: ({ recipients, rate, memory }) => [
    { figure: `import ${number(recipients)} on ${where}`, unit: "rows/s", values: rate, ...speed },
    { figure: `import ${number(recipients)} on ${where}: the server's peak memory`, unit: "MB", values: memory, ...weight },
  ],
}));

// --- Size ---

const scale = {
  id: "scale",
  title: "a campaign of a million, and of less",
  measure: async (bench) => {
    const { scale: counts } = bench.size;
    const found = await repeated(bench, async () =>
      using(startPalomar({ stores: await bench.stores(), smtp: bench.sink.url }), async ({ address, server, workers }) => {
        const once = async (recipients) => {
          const { id } = await importDraft(address, recipients);
          await startDraft(address, id);
          return sinceStart(await untilSent(address, id, recipients, [server, ...workers])) / recipients;
        };
        const costs = {};
        for (const recipients of counts) {
          // The smallest is over in no time, so that one alone would say little.
          const times = recipients === counts[0] ? 3 : 1;
          const each = [];
          for (let i = 0; i < times; i++) each.push(await once(recipients));
          costs[`cost${recipients}`] = median(each) * 1e6;
        }
        return { ...costs, worker: workers[0].memory(), server: server.memory() };
      }),
    );
    return { counts, ...found };
  },
  rows: ({ counts, worker, server, ...found }) => {
    const [small, , large] = counts;
    const costs = (recipients) => found[`cost${recipients}`];
    return [
      { figure: `the worker's peak memory, ${number(large)}`, unit: "MB", values: worker, most: 64, aim: 40 },
      { figure: `the server's peak memory, ${number(large)} imported and sent`, unit: "MB", values: server },
      ...counts.slice(0, 2).map((recipients) => ({ figure: `cost per message, ${number(recipients)}`, unit: "µs", values: costs(recipients) })),
      {
        figure: `cost per message, ${number(large)}`,
        unit: "µs",
        values: costs(large),
        ratio: costs(large).map((value, i) => value / costs(small)[i]),
        against: `that of ${number(small)}`,
        most: 1.15,
        aim: 1.05,
      },
    ];
  },
};

// --- A line of 20 ms ---

async function lineRate(bench, sink, { workers, recipients }) {
  const stores = await bench.stores();
  return using(startLine(sink, LINE_DELAY_MS), (line) =>
    using(startPalomar({ stores, smtp: line.url, workers }), async ({ address, server, workers: sent }) => {
      const created = await create(address, recipients);
      return recipients / sinceAnswer(created, await untilSent(address, created.id, recipients, [server, ...sent]));
    }),
  );
}

const twoWorkers = {
  id: "workers",
  title: "two workers, a line of 20 ms",
  measure: (bench) =>
    repeated(bench, async () => ({
      one: await lineRate(bench, bench.sink, { workers: 1, recipients: bench.size.line }),
      two: await lineRate(bench, bench.sink, { workers: 2, recipients: 2 * bench.size.line }),
    })),
  rows: ({ one, two }) => [
    { figure: "two workers, a line of 20 ms", unit: "messages/s", values: two, ratio: two.map((value, i) => value / one[i]), against: "one worker", base: one, least: 1.9 },
  ],
};

const pipelining = {
  id: "pipelining",
  title: "pipelined, a line of 20 ms",
  measure: (bench) =>
    using(startSink({ pipelining: false }), (plain) =>
      repeated(bench, async () => ({
        pipelined: await lineRate(bench, bench.sink, { workers: 1, recipients: bench.size.line }),
        // Slower, so less of it takes as long.
        plain: await lineRate(bench, plain, { workers: 1, recipients: bench.size.line / 2 }),
      })),
    ),
  rows: ({ pipelined, plain }) => [
    { figure: "pipelined, a line of 20 ms", unit: "messages/s", values: pipelined, ratio: pipelined.map((value, i) => value / plain[i]), against: "not pipelined", base: plain, least: 1.8 },
  ],
};

// --- Asking while it sends ---

// So many ask at once: a few scripts, and an office with its dashboards open.
const ASKING = [8, 64];

async function ask(bench, { address }, recipients) {
  const { id } = await create(address, recipients);
  const deadline = Date.now() + 30_000;
  while ((await get(address, id)).sentEmails === 0 && Date.now() < deadline) await pause(50);
  const found = {};
  for (const clients of ASKING) {
    const { rate, p99 } = await asked(`${address}/api/emails/${id}`, clients, bench.size.asking);
    Object.assign(found, { [`rate${clients}`]: rate, [`p99of${clients}`]: p99 });
  }
  const { status, sentEmails } = await get(address, id);
  if (sentEmails === 0) throw new Error("nothing of the campaign was sent");
  if (sentEmails >= recipients || status === "COMPLETED") throw new Error(`the ${number(recipients)} were sent before wrk had ended`);
  return found;
}

async function asked(url, clients, seconds) {
  const { output } = await run("wrk", ["-t1", `-c${clients}`, `-d${seconds}s`, "--latency", url]);
  const [, rate] = /Requests\/sec:\s+([\d.]+)/.exec(output) ?? [];
  const [, slow, unit] = /\s99%\s+([\d.]+)(us|ms|s)\s/.exec(output) ?? [];
  const refused = /(Non-2xx or 3xx responses|Socket errors).*/.exec(output);
  if (!rate || !slow || refused) throw new Error(`wrk said: ${refused?.[0] ?? output}`);
  return { rate: Number(rate), p99: Number(slow) * { us: 0.001, ms: 1, s: 1000 }[unit] };
}

const asking = {
  id: "get",
  title: "GET of a campaign while it is sent",
  measure: (bench) =>
    repeated(bench, async () =>
      using(startPalomar({ stores: await bench.stores(), smtp: bench.sink.url }), (palomar) => ask(bench, palomar, bench.size.asked)),
    ),
  rows: (found, of) =>
    ASKING.flatMap((clients) => {
      const [rate, peer] = [found[`rate${clients}`], of("get-node")?.[`rate${clients}`]];
      const figure = `GET while sending, ${clients} clients`;
      return [
        {
          figure,
          unit: "requests/s",
          values: rate,
          ...(peer && { ratio: rate.map((value) => value / median(peer)), against: "the Node stack", least: 10 }),
        },
        { figure: `${figure}: 99 of 100 within`, unit: "ms", values: found[`p99of${clients}`], most: 20, aim: 10 },
      ];
    }),
};

const askingNode = {
  id: "get-node",
  title: "GET of a campaign while it is sent, the Node stack",
  peer: true,
  measure: async (bench) => {
    const options = { stores: await bench.stores(), sink: bench.sink, connections: CONNECTIONS };
    return repeated(bench, () => using(startPeer(options), (peer) => ask(bench, peer, bench.size.askedPeer)));
  },
  rows: (found) =>
    ASKING.flatMap((clients) => {
      const figure = `GET while sending, ${clients} clients, the Node stack`;
      return [
        { figure, unit: "requests/s", values: found[`rate${clients}`] },
        { figure: `${figure}: 99 of 100 within`, unit: "ms", values: found[`p99of${clients}`] },
      ];
    }),
};

/** All of them, in the order of the table. */
export const FIGURES = [
  ...sending,
  sendingNode,
  ...creating,
  creatingNode,
  ...importing,
  scale,
  twoWorkers,
  pipelining,
  asking,
  askingNode,
];
