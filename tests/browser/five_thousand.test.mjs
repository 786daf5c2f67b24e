// Five thousand people as a real list holds them: each gets the message once, however it is sent.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { domainToASCII } from "node:url";

import { startCatcher } from "./catcher.mjs";
import { complaints, launchChromium } from "./chromium.mjs";
import { compose, openComposer, pasteRecipients, recipientCount, send } from "./composer.mjs";
import { startPalomar } from "./palomar.mjs";
import { people } from "./people.mjs";
import { allRecipients, createCampaign, untilEnded } from "./rest.mjs";

const MESSAGE = { subject: "October news", body: "<p>Two reading rooms opened.</p>" };
const SENDER = "Reading rooms <news@example.org>";
const LIST = people();

for (const [way, sendIt] of [
  ["pasted in the browser", pasteAndSend],
  ["sent as JSON", sendAsJson],
]) {
  describe(`five thousand ${way}`, { timeout: 180_000 }, () => {
    let catcher;
    let palomar;
    let browser;
    let page;
    let heard;
    let campaign;

    before(async () => {
      catcher = await startCatcher();
      palomar = await startPalomar({ SMTP_URL: catcher.url, MAIL_FROM: SENDER });
      browser = await launchChromium();
      page = await browser.newPage();
      heard = complaints(page);
    });

    after(async () => {
      await browser?.close();
      await palomar?.stop();
      await catcher?.stop();
    });

    test("are taken, each once", async () => {
      const id = await sendIt(palomar.address, page);
      campaign = await untilEnded(palomar.address, id);
      assert.equal(campaign.status, "COMPLETED");
      assert.equal(campaign.totalEmails, LIST.addresses.length);
    });

    test("end as sent or refused, as the page says", async () => {
      await page.goto(`${palomar.address}/campaigns/${campaign.id}`);
      const bar = page.getByRole("region", { name: "Progress" }).getByRole("img");
      assert.equal(await bar.getAttribute("aria-label"), "Of 5,000: 4,950 sent, 50 failed");
      const recipients = await allRecipients(palomar.address, campaign.id);
      assert.deepEqual(recipients.map(({ email }) => email), LIST.addresses);
      const failed = recipients.filter(({ status }) => status === "FAILED");
      assert.deepEqual(failed.map(({ email }) => email), LIST.refused);
      assert.equal(recipients.filter(({ status }) => status === "SENT").length, LIST.addresses.length - LIST.refused.length);
    });

    test("that were refused stand on the page with code and words", async () => {
      const read = await readFailures(page);
      assert.deepEqual(read.map(({ address }) => address), LIST.refused);
      const without = read.filter(({ words }) => !/550 5\.1\.1 .*user unknown/.test(words));
      assert.deepEqual(without, []);
      assert.deepEqual(heard, []);
    });

    test("that were not refused got the message exactly once", async () => {
      const report = await catcher.stop();
      catcher = undefined;
      const expected = new Set(LIST.addresses.filter((address) => !LIST.refused.includes(address)).map(asReported));
      assert.deepEqual([...expected].filter((address) => !report.times.has(address)), []);
      assert.deepEqual([...report.times.keys()].filter((address) => !expected.has(address)), []);
      assert.deepEqual([...report.times].filter(([, times]) => times !== 1), []);
      assert.deepEqual(report.duplicates, []);
    });
  });
}

async function pasteAndSend(address, page) {
  await openComposer(page, address);
  await compose(page, MESSAGE);
  await pasteRecipients(page, LIST.text);
  await recipientCount(page).getByText("5,000 people").waitFor();
  await recipientCount(page).getByText(`${LIST.duplicates} duplicates, sent once`).waitFor();
  assert.equal(await page.getByText("not an address").count(), 0);
  return send(page);
}

async function sendAsJson(address) {
  const created = await createCampaign(address, { ...MESSAGE, recipients: LIST.written });
  assert.deepEqual(created.leftOut, { duplicates: LIST.duplicates, invalid: 0, invalidRecipients: [] });
  return created.id;
}

/** What the campaign's page says of those who failed, page after page. */
async function readFailures(page) {
  const recipients = page.getByRole("region", { name: "Recipients" });
  await recipients.getByRole("link", { name: /^Failed / }).click();
  const read = [];
  for (;;) {
    await recipients.locator("tbody tr").first().waitFor();
    const rows = await recipients.locator("tbody tr").evaluateAll((rows) =>
      rows.map((row) => ({ address: row.cells[0].textContent, words: row.cells[2].textContent })),
    );
    read.push(...rows);
    const more = recipients.getByRole("link", { name: "More" });
    if ((await more.count()) === 0) return read;
    await page.goto(new URL(await more.getAttribute("href"), page.url()).href);
  }
}

/** An address as the catcher reports it: its domain as DNS has it, its local part without quotes. */
function asReported(address) {
  const at = address.lastIndexOf("@");
  return `${address.slice(0, at).replaceAll('"', "")}@${domainToASCII(address.slice(at + 1))}`;
}
