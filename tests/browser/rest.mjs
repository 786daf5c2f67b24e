// Palomar as a program sees it: what tests prepare and check without a browser.

/** Creates a campaign and resolves to the answer's body. Fails unless it is answered 201. */
export async function createCampaign(address, campaign) {
  const answer = await fetch(`${address}/api/emails`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(campaign),
  });
  if (answer.status !== 201) throw new Error(`the campaign was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** Adds a list, as CSV, to a campaign that was not started yet, and resolves to the report. */
export async function importRecipients(address, id, list) {
  const answer = await fetch(`${address}/api/emails/${id}/recipients`, {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: list,
  });
  if (!answer.ok) throw new Error(`the list was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** Asks for something of a campaign, as in `pause`, and resolves to what it is then. */
export async function ask(address, id, word, body) {
  const answer = await fetch(`${address}/api/emails/${id}/${word}`, {
    method: "POST",
    headers: body && { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${word} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** The campaign as it stands now. */
export const getCampaign = (address, id) => get(`${address}/api/emails/${id}`);

/** The campaign once it has ended: its stream of events ends with it. */
export async function untilEnded(address, id) {
  const events = await fetch(`${address}/api/emails/${id}/events`);
  await events.text();
  return getCampaign(address, id);
}

/** The campaign once `number` of its recipients have ended, by its events; it may go on after that. */
export async function untilSettled(address, id, number) {
  const given = new AbortController();
  const events = await fetch(`${address}/api/emails/${id}/events`, { signal: given.signal });
  const reader = events.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`campaign ${id} ended before ${number} of its recipients had`);
    const lines = (text + value).split("\n");
    text = lines.pop();
    const states = lines.filter((line) => line.startsWith("data:")).map((line) => JSON.parse(line.slice("data:".length)));
    const settled = states.find((state) => state.sentEmails + state.failedEmails + state.unknownEmails >= number);
    if (settled) {
      given.abort();
      return settled;
    }
  }
}

/** Every recipient of a campaign, page after page. */
export async function allRecipients(address, id) {
  const recipients = [];
  let cursor = "";
  do {
    const page = await get(`${address}/api/emails/${id}/recipients?limit=500${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    recipients.push(...page.items);
    cursor = page.nextCursor ?? "";
  } while (cursor);
  return recipients;
}

async function get(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
