// Campaigns as a program makes them; Palomar and the Node stack understand the same requests.
import { pause } from "./processes.mjs";

/** About 1.1 kB with the headers. */
export const MESSAGE = { subject: "bench", body: `<p>${"x".repeat(1000)}</p>` };

const POLL_MS = 200;
const ENDED = ["COMPLETED", "FAILED", "CANCELLED"];

const address = (i) => `user${i}@example.test`;

async function asked(answer) {
  if (!answer.ok) throw new Error(`${new URL(answer.url).pathname} was answered ${answer.status}: ${(await answer.text()).slice(0, 200)}`);
  return answer.json();
}

const post = (url, body) =>
  fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) }).then(asked);

export const get = (at, id) => fetch(`${at}/api/emails/${id}`).then(asked);

/**
 * Creates a campaign by one POST: `{ id, seconds, answered }`; `answered` is the time of the answer.
 * `more` goes into the request; `recipient` makes its recipients where they are not bare addresses.
 */
export async function create(at, recipients, { more = {}, recipient = address } = {}) {
  const body = JSON.stringify({ ...MESSAGE, ...more, recipients: Array.from({ length: recipients }, (_, i) => recipient(i)) });
  const begun = performance.now();
  const answer = await fetch(`${at}/api/emails`, { method: "POST", headers: { "content-type": "application/json" }, body });
  const { id } = await asked(answer);
  return { id, seconds: (performance.now() - begun) / 1000, answered: Date.now() };
}

// As lists come, in no order of their addresses: an index of them is written all over.
const scattered = (i) => `${(Math.imul(i, 2654435761) >>> 0).toString(36)}.${address(i)}`;

// Made as it is sent, so that the list weighs on nobody but who reads it.
async function* lines(recipients) {
  const chunk = 2000;
  yield Buffer.from("email\n");
  for (let i = 0; i < recipients; i += chunk) {
    yield Buffer.from(Array.from({ length: Math.min(chunk, recipients - i) }, (_, j) => `${scattered(i + j)}\n`).join(""));
  }
}

/** Makes a draft and streams its list as CSV: `{ id, seconds }` of the import alone. */
export async function importDraft(at, recipients) {
  const { id } = await post(`${at}/api/emails`, { ...MESSAGE, draft: true, recipients: [] });
  const begun = performance.now();
  const answer = await fetch(`${at}/api/emails/${id}/recipients`, {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: lines(recipients),
    duplex: "half",
  }).catch((error) => {
    throw new Error(`the import broke off, perhaps because this Palomar has none (${error.cause?.message ?? error.message})`);
  });
  if (answer.status === 404 || answer.status === 405) throw new Error(`this Palomar has no import (${answer.status} to POST …/recipients)`);
  const { accepted } = await asked(answer);
  if (accepted !== recipients) throw new Error(`the import took ${accepted} of ${recipients}`);
  return { id, seconds: (performance.now() - begun) / 1000 };
}

export const startDraft = (at, id) => post(`${at}/api/emails/${id}/start`);

/** The campaign once it has ended and everybody was sent to. `programs` are looked after meanwhile. */
export async function untilSent(at, id, recipients, programs = [], limit = 900_000) {
  const deadline = Date.now() + limit;
  for (;;) {
    const campaign = await get(at, id);
    if (ENDED.includes(campaign.status)) {
      if (campaign.sentEmails !== recipients) {
        throw new Error(`campaign ${id} ended ${campaign.status} with ${campaign.sentEmails} of ${recipients} sent`);
      }
      return campaign;
    }
    for (const program of programs) program.check();
    if (Date.now() > deadline) throw new Error(`campaign ${id} had sent ${campaign.sentEmails} of ${recipients} when the time was over`);
    await pause(POLL_MS);
  }
}

/** Seconds from the create's answer to the campaign's own `completedAt`. */
export const sinceAnswer = (created, campaign) => (Date.parse(campaign.completedAt) - created.answered) / 1000;

/** Seconds from the campaign's own `startedAt`, when a worker first took it up, to its `completedAt`. */
export const sinceStart = (campaign) => (Date.parse(campaign.completedAt) - Date.parse(campaign.startedAt)) / 1000;
