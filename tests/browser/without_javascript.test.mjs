// Everything that matters can be done with JavaScript off.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launchChromium } from "./chromium.mjs";
import { compose, sendButton } from "./composer.mjs";
import { startPalomar } from "./palomar.mjs";

const MESSAGE = { subject: "October news", body: "<p>Two reading rooms & a garden</p>\n<p>“Hola”</p>" };
const RECIPIENTS = "ana@example.org\nnot an address\neva+550@example.org\nluis@example.org";
const END_LIMIT_MS = 30_000;

describe("without JavaScript", () => {
  let palomar;
  let browser;
  let page;

  before(async () => {
    palomar = await startPalomar();
    browser = await launchChromium();
    page = await browser.newPage({ javaScriptEnabled: false });
  });

  after(async () => {
    await browser?.close();
    await palomar?.stop();
  });

  test("a form that is refused comes back with what was typed and what is wrong beside it", async () => {
    await page.goto(palomar.address);
    await page.getByRole("link", { name: "New campaign" }).click();
    await compose(page, { ...MESSAGE, recipients: RECIPIENTS });
    await page.getByLabel("Sender address").fill("nobody");
    await sendButton(page).click();

    await page.getByRole("alert").getByText("Nothing was sent").waitFor();
    assert.equal(await page.getByLabel("Subject", { exact: true }).inputValue(), MESSAGE.subject);
    assert.equal(await page.getByLabel("Body, in HTML").inputValue(), MESSAGE.body);
    assert.equal(await page.getByLabel("Recipients", { exact: true }).inputValue(), RECIPIENTS);
    const sender = page.getByLabel("Sender address");
    assert.equal(await sender.inputValue(), "nobody");
    assert.equal(await sender.getAttribute("aria-invalid"), "true");
    assert.match(await page.locator(`[id="${await sender.getAttribute("aria-describedby")}"]`).innerText(), /no @/i);
  });

  test("the lines that are no addresses are named, and can be left out", async () => {
    await page.getByLabel("Sender address").fill("");
    await sendButton(page).click();
    await page.getByText("Line 2 “not an address”: no @").waitFor();
    await page.getByLabel("Leave them out, and send to the others").check();
    await sendButton(page).click();
    await page.waitForURL(/\/campaigns\/\d+$/);
    await page.getByRole("heading", { name: MESSAGE.subject }).waitFor();
  });

  test("the campaign is seen to end by loading its page again", async () => {
    const completed = page.getByRole("main").getByText("Completed", { exact: true });
    const limit = Date.now() + END_LIMIT_MS;
    while ((await completed.count()) === 0 && Date.now() < limit) await page.reload();
    await page.getByRole("region", { name: "Progress" }).getByText(/^100\s%$/).waitFor();
  });

  test("failures and recipients can be read", async () => {
    const reasons = page.getByRole("region", { name: "Failures by reason" });
    await reasons.getByRole("row", { name: /550 5\.1\.1 user unknown 1/ }).waitFor();
    const recipients = page.getByRole("region", { name: "Recipients" });
    await recipients.getByRole("link", { name: /^All / }).click();
    for (const [address, state] of [
      ["ana@example.org", "Sent"],
      ["eva+550@example.org", "Failed"],
      ["luis@example.org", "Sent"],
    ]) {
      await recipients.getByRole("row").filter({ hasText: address }).filter({ hasText: state }).waitFor();
    }
    await recipients.getByRole("searchbox").fill("luis");
    await recipients.getByRole("searchbox").press("Enter");
    await page.waitForURL(/q=luis/);
    assert.deepEqual(await recipients.locator("tbody td:first-child").allInnerTexts(), ["luis@example.org"]);
  });

  test("the dashboard lists it and finds it", async () => {
    await page.goto(palomar.address);
    const campaigns = page.getByRole("region", { name: "Campaigns" });
    await campaigns.getByRole("link", { name: MESSAGE.subject }).waitFor();
    await search(page, "september");
    await page.getByText("No campaign is like this.").waitFor();
    await search(page, "october");
    await campaigns.getByRole("link", { name: MESSAGE.subject }).waitFor();
  });

  test("the caught mail can be read", async () => {
    await page.getByRole("link", { name: "Caught mail" }).click();
    await page.getByRole("link", { name: "ana@example.org" }).click();
    await page.getByTitle(MESSAGE.subject, { exact: true }).contentFrame().getByText("Two reading rooms & a garden").waitFor();
  });
});

async function search(page, words) {
  const field = page.getByRole("searchbox");
  await field.fill(words);
  await field.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("q") === words);
}
