// The first campaign, as a person sends it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { complaints, launchChromium } from "./chromium.mjs";
import { comeToLife, compose, recipientCount, send } from "./composer.mjs";
import { startPalomar } from "./palomar.mjs";

const RECIPIENTS = [
  "ana@example.org",
  "Luis <luis@example.org>",
  "ANA@Example.org",
  "not an address",
  "eva+550@example.org",
  "juan+550@example.org",
  // Keeps the campaign going long enough to be watched.
  "irene+slow5s@example.org",
].join("\n");

describe("the first campaign", () => {
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

  test("is begun from the dashboard", async () => {
    await page.goto(palomar.address);
    await page.getByRole("link", { name: "New campaign" }).click();
    await page.getByRole("heading", { name: "New campaign" }).waitFor();
    await comeToLife(page);
  });

  test("shows its message as it is written, in a frame where it can do nothing", async () => {
    await compose(page, { subject: "October news", body: "<h1>Two reading rooms</h1><p>They opened on Monday.</p>" });
    const frame = page.getByTitle("Preview of the message");
    await frame.contentFrame().getByRole("heading", { name: "Two reading rooms" }).waitFor();
    assert.equal(await frame.getAttribute("sandbox"), "");
  });

  test("counts its recipients at once and names the lines that are no addresses", async () => {
    await compose(page, { recipients: RECIPIENTS });
    await recipientCount(page).getByText("5 people").waitFor();
    await recipientCount(page).getByText("1 duplicate, sent once").waitFor();
    await recipientCount(page).getByText("1 is not an address").waitFor();
    await page.getByText("Line 4 “not an address”: no @").waitFor();
  });

  test("is sent to the others when the invalid ones are left out, and leads to its page", async () => {
    await page.getByLabel("Leave them out, and send to the others").check();
    await page.getByRole("button", { name: "Send to 5", exact: true }).waitFor();
    // What a reload would wipe out.
    await page.evaluate(() => { window.sameDocument = true; });
    await send(page);
    await page.getByRole("heading", { name: "October news" }).waitFor();
  });

  test("reaches its end before one's eyes", async () => {
    const main = page.getByRole("main");
    await main.getByText("Sending", { exact: true }).waitFor();
    await main.getByText("Completed", { exact: true }).waitFor();
    const progress = page.getByRole("region", { name: "Progress" });
    await progress.getByText(/^100\s%$/).waitFor();
    await progress.getByText(/^5 of 5 · took \d+\ss$/).waitFor();
    assert.equal(await progress.getByRole("img").getAttribute("aria-label"), "Of 5: 3 sent, 2 failed");
    assert.equal(await page.evaluate(() => window.sameDocument), true);
  });

  test("says who failed, with the code and the words of the server", async () => {
    const reasons = page.getByRole("region", { name: "Failures by reason" });
    await reasons.getByRole("row", { name: /550 5\.1\.1 user unknown 2/ }).waitFor();
    await reasons.getByRole("link", { name: "Show" }).click();
    const recipients = page.getByRole("region", { name: "Recipients" });
    for (const address of ["eva+550@example.org", "juan+550@example.org"]) {
      await recipients.getByRole("row").filter({ hasText: address }).filter({ hasText: "550 5.1.1" }).filter({ hasText: "user unknown" }).waitFor();
    }
    assert.equal(await recipients.getByRole("row").count(), 3);
  });

  test("arrives as it was written", async () => {
    await page.getByRole("link", { name: "Caught mail" }).click();
    const row = page.getByRole("row").filter({ hasText: "ana@example.org" });
    await row.filter({ hasText: "October news" }).waitFor();
    assert.equal(await page.getByRole("row").filter({ hasText: "October news" }).count(), 3);
    await row.getByRole("link", { name: "ana@example.org" }).click();
    await page.getByRole("heading", { name: "October news" }).waitFor();
    const frame = page.getByTitle("October news", { exact: true });
    await frame.contentFrame().getByText("They opened on Monday.").waitFor();
    assert.equal(await frame.getAttribute("sandbox"), "");
    await page.getByRole("link", { name: "Text" }).click();
    await page.locator("pre").filter({ hasText: "They opened on Monday." }).waitFor();
  });

  test("was not once complained about by the browser", () => {
    assert.deepEqual(heard, []);
  });
});
