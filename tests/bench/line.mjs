// A line that takes its time: `line.mjs PORT DELAY` passes everything on to PORT and back, each chunk
// DELAY ms after it came, in order. In a process of its own, so that it delays nothing else.
import { connect, createServer } from "node:net";

const [port, delay] = process.argv.slice(2).map(Number);

function pass(from, to) {
  const waiting = [];
  let timer;
  const next = () => {
    const now = performance.now();
    while (waiting.length && waiting[0].due <= now) to.write(waiting.shift().chunk);
    timer = waiting.length ? setTimeout(next, waiting[0].due - now) : undefined;
  };
  from.on("data", (chunk) => {
    waiting.push({ due: performance.now() + delay, chunk });
    timer ??= setTimeout(next, delay);
  });
  // The end takes as long as everything else, and comes after it.
  from.on("close", () => setTimeout(() => to.end(), delay + 5));
  from.on("error", () => to.destroy());
}

const server = createServer({ noDelay: true }, (near) => {
  const far = connect({ port, host: "127.0.0.1", noDelay: true });
  pass(near, far);
  pass(far, near);
});
server.listen(0, "127.0.0.1", 1000, () => console.log(`listening on ${server.address().port}`));
process.on("SIGTERM", () => process.exit(0));
