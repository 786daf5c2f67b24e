// What a draft says of itself before there is anything to send.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { complaints, launchChromium } from "./chromium.mjs";
import { startPalomar } from "./palomar.mjs";
import { ask, createCampaign, importRecipients } from "./rest.mjs";

const EMPTY = { subject: "", body: "", recipients: [], draft: true };

describe("an empty draft", () => {
  let palomar;
  let browser;
  let page;
  let heard;

  before(async () => {
    palomar = await startPalomar();
    browser = await launchChromium();
    page = await browser.newPage();
    heard = complaints(page);
  });

  after(async () => {
    await browser?.close();
    await palomar?.stop();
  });

  const open = (id) => page.goto(`${palomar.address}/campaigns/${id}`);

  test("has a name wherever it is shown, also as a copy", async () => {
    const { id } = await createCampaign(palomar.address, EMPTY);
    await ask(palomar.address, id, "duplicate");
    await page.goto(palomar.address);
    const rows = page.getByRole("link", { name: "Untitled draft", exact: true });
    await rows.nth(1).waitFor();
    await rows.last().click();
    await page.getByRole("heading", { name: "Untitled draft", level: 1 }).waitFor();
    assert.match(await page.title(), /^Untitled draft/);
    assert.deepEqual(heard, []);
  });

  test("says what it needs and how to give it, and shows no progress of nobody", async () => {
    const { id, progress, etaSeconds } = await createCampaign(palomar.address, EMPTY);
    assert.deepEqual([progress, etaSeconds], [0, null]);
    await open(id);
    await page.getByText("It still needs a subject, a body and recipients.").waitFor();
    await page.getByRole("heading", { name: "Nobody is on the list yet" }).waitFor();
    await page.getByText(`POST /api/emails/${id}/recipients`).waitFor();
    for (const absent of ["100", "0 of 0", "Nobody is in this state", "Send now"]) {
      assert.equal(await page.getByText(absent).count(), 0, absent);
    }
    await page.getByRole("link", { name: "Add recipients" }).click();
    await page.getByLabel("Recipients", { exact: true }).waitFor();
    assert.deepEqual(heard, []);
  });

  test("can be sent once it has everything, and tells of the list that was added", async () => {
    const { id } = await createCampaign(palomar.address, { ...EMPTY, subject: "News", body: "<p>Hola</p>" });
    await open(id);
    await page.getByText("It still needs recipients.").waitFor();
    await importRecipients(palomar.address, id, "ana@example.org\nluis@example.org\nana@example.org\n");
    await page.reload();
    await page.getByRole("cell", { name: "luis@example.org" }).waitFor();
    await page.getByText("What happened").click();
    await page.getByText("2 recipients added from a list (1 already there)").waitFor();
    await page.getByRole("button", { name: "Send now" }).click();
    await page.getByText("Completed", { exact: true }).waitFor();
    assert.deepEqual(heard, []);
  });
});
