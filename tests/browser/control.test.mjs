// A person's hand on campaigns: written, kept, changed, sent, stopped, settled.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { complaints, launchChromium } from "./chromium.mjs";
import { compose, openComposer, recipientCount } from "./composer.mjs";
import { startPalomar } from "./palomar.mjs";
import { createCampaign, getCampaign, untilEnded } from "./rest.mjs";

const BODY = "<p>Hola</p>";

let palomar;
let browser;
before(async () => {
  palomar = await startPalomar();
  browser = await launchChromium();
});
after(async () => {
  await browser?.close();
  await palomar?.stop();
});

/** A page that may not complain, with `options` of its context. */
async function withPage(use, options = {}) {
  const page = await browser.newPage(options);
  const heard = complaints(page);
  try {
    await use(page);
    // Where no script may run, the one the page brings is reported as not loaded.
    if (options.javaScriptEnabled !== false) assert.deepEqual(heard, []);
  } finally {
    await page.close();
  }
}

const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
/** Does something that asks the server, and resolves when it has answered. */
const answered = (page, word, act) => Promise.all([page.waitForResponse(new RegExp(`/ui/campaigns/${word}`)), act()]);
const create = (campaign) => createCampaign(palomar.address, { subject: "Hola", body: BODY, ...campaign });
/** So many that nobody is done before a person has pressed a button. */
const slow = Array.from({ length: 3_000 }, (_, n) => `p${n}+slow300ms@example.org`);

test("an unfinished draft is kept, changed and sent", () =>
  withPage(async (page) => {
    await openComposer(page, palomar.address);
    await compose(page, { subject: "October news" });
    await press(page, "Save draft");
    await page.waitForURL(/\/campaigns\/\d+$/);
    const id = Number(page.url().split("/").at(-1));
    assert.equal((await getCampaign(palomar.address, id)).status, "DRAFT");
    await page.getByText("Draft", { exact: true }).waitFor();
    await page.getByRole("link", { name: "Edit" }).click();
    await page.waitForURL(/\/edit$/);
    await recipientCount(page).getByText("Nobody yet").waitFor();
    await compose(page, { body: BODY, recipients: "ana@example.org\nluis@example.org" });
    await press(page, "Send to 2");
    await page.waitForURL(/\/campaigns\/\d+$/);
    const ended = await untilEnded(palomar.address, id);
    assert.deepEqual([ended.subject, ended.status, ended.sentEmails], ["October news", "COMPLETED", 2]);
  }));

test("a time in a zone of the writer's choosing is when it starts", () =>
  withPage(async (page) => {
    await openComposer(page, palomar.address);
    await compose(page, { subject: "Later", body: BODY, recipients: "ana@example.org" });
    await page.getByText("Send later").click();
    await page.getByLabel("Starts at").fill("2099-12-01T09:00");
    await page.getByLabel("Time zone").fill("America/Lima");
    await press(page, "Schedule");
    await page.waitForURL(/\/campaigns\/\d+$/);
    const campaign = await getCampaign(palomar.address, page.url().split("/").at(-1));
    assert.deepEqual([campaign.status, campaign.scheduledAt], ["SCHEDULED", "2099-12-01T14:00:00Z"]);
  }));

test("a campaign is paused, resumed and cancelled by its buttons, and the page follows", () =>
  withPage(async (page) => {
    const { id } = await create({ recipients: slow });
    await page.goto(`${palomar.address}/campaigns/${id}`);
    await press(page, "Pause");
    await page.getByText("it was paused").waitFor();
    await press(page, "Resume");
    await page.getByText("Sending", { exact: true }).waitFor();
    await page.getByText("Cancel…").click();
    await press(page, "Cancel it for good");
    await page.getByText("Cancelled", { exact: true }).first().waitFor();
    const ended = await untilEnded(palomar.address, id);
    assert.equal(ended.sentEmails + ended.skippedEmails, 3_000);
  }));

test("the unknown are settled one by one and all, and the failed are tried again", () =>
  withPage(async (page) => {
    const lost = ["a", "b", "c"].map((name) => `${name}+drop-after-dot@example.org`);
    const { id } = await create({ recipients: [...lost, "no+550@example.org", "ana@example.org"] });
    await untilEnded(palomar.address, id);
    await page.goto(`${palomar.address}/campaigns/${id}`);
    await page.getByText("3 messages may or may not").waitFor();
    await page.getByRole("row", { name: lost[0] }).getByRole("button", { name: "Treat as sent" }).click();
    await page.getByText("2 messages may or may not").waitFor();
    const again = page.getByRole("row", { name: lost[1] }).getByRole("button", { name: "Send again, perhaps twice" });
    await answered(page, "resolve", () => again.click());
    await untilEnded(palomar.address, id);
    await page.getByText("2 messages may or may not").waitFor();
    await page.locator(".notice").getByRole("button", { name: "Treat as sent" }).click();
    await page.getByText("may or may not").waitFor({ state: "detached" });
    await answered(page, "retry", () => press(page, "Try again"));
    await untilEnded(palomar.address, id);
    const { sentEmails, failedEmails, unknownEmails } = await getCampaign(palomar.address, id);
    assert.deepEqual([sentEmails, failedEmails, unknownEmails], [4, 1, 0]);
  }));

test("without JavaScript the same buttons do the same", () =>
  withPage(
    async (page) => {
      const { id } = await create({ recipients: slow });
      await page.goto(`${palomar.address}/campaigns/${id}`);
      await press(page, "Pause");
      await page.getByText("it was paused").waitFor();
      assert.equal((await getCampaign(palomar.address, id)).status, "PAUSED");
      await page.getByText("Cancel…").click();
      await press(page, "Cancel it for good");
      await page.waitForURL(/\/campaigns\/\d+$/);
      await untilEnded(palomar.address, id);
      await page.reload();
      await press(page, "Duplicate");
      await page.waitForURL(/\/campaigns\/\d+$/);
      await page.getByRole("link", { name: "Edit" }).click();
      await page.getByLabel("Subject", { exact: true }).fill("Changed");
      await press(page, "Save draft");
      await page.waitForURL(/\/campaigns\/\d+$/);
      const copy = await getCampaign(palomar.address, page.url().split("/").at(-1));
      assert.deepEqual([copy.status, copy.subject, copy.totalEmails], ["DRAFT", "Changed", 3_000]);
    },
    { javaScriptEnabled: false },
  ));
