// A list that comes as a file, too long to stand in a field.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { complaints, launchChromium } from "./chromium.mjs";
import { compose, openComposer, recipientCount, send } from "./composer.mjs";
import { startPalomar } from "./palomar.mjs";
import { people } from "./people.mjs";
import { getCampaign } from "./rest.mjs";

// Far less than it takes to read the list in one go, and room for a machine that is busy with others.
const HOLD_LIMIT_MS = 500;

describe("a list in a file", { timeout: 120_000 }, () => {
  let palomar;
  let browser;
  let folder;
  let page;
  let heard;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "palomar-lists-"));
    palomar = await startPalomar();
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    await palomar?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A file on the disk: what a test hands over from memory holds the page up by itself. */
  async function choose(name, text) {
    const path = join(folder, name);
    await writeFile(path, text);
    await page.getByLabel("Choose a file").setInputFiles(path);
  }

  test("is counted while one goes on writing", async () => {
    page = await browser.newPage();
    heard = complaints(page);
    await openComposer(page, palomar.address);
    await watchForHolds(page);
    await choose("everybody.csv", people(200_000).text);
    await recipientCount(page).getByText("Reading").waitFor();
    await page.getByLabel("Subject", { exact: true }).pressSequentially("October news");
    assert.equal(await page.getByLabel("Subject", { exact: true }).inputValue(), "October news");
    await recipientCount(page).getByText("200,000 people").waitFor();
    assert.deepEqual((await holds(page)).filter((milliseconds) => milliseconds > HOLD_LIMIT_MS), []);
  });

  test("can be taken away for another", async () => {
    await page.getByText("everybody.csv").waitFor();
    await page.getByRole("button", { name: "Remove" }).click();
    await recipientCount(page).getByText("Nobody yet").waitFor();
    await choose("twenty-thousand.csv", people(20_000).text);
    await recipientCount(page).getByText("20,000 people").waitFor();
    await page.getByText("twenty-thousand.csv").waitFor();
  });

  test("is sent as it is", async () => {
    await compose(page, { body: "<p>Two reading rooms opened.</p>" });
    await page.getByRole("button", { name: "Send to 20,000", exact: true }).waitFor();
    const id = await send(page);
    await page.getByRole("heading", { name: "October news" }).waitFor();
    assert.equal((await getCampaign(palomar.address, id)).totalEmails, 20_000);
    assert.deepEqual(heard, []);
    await page.close();
  });

  test("can be dropped onto the field, and is edited there when it is short", async () => {
    page = await browser.newPage();
    await openComposer(page, palomar.address);
    const files = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(["ana@example.org\nluis@example.org\n"], "two.txt", { type: "text/plain" }));
      return transfer;
    });
    const field = page.getByLabel("Recipients", { exact: true });
    await field.dispatchEvent("drop", { dataTransfer: files });
    await recipientCount(page).getByText("2 people").waitFor();
    assert.equal(await field.inputValue(), "ana@example.org\nluis@example.org\n");
    await page.close();
  });
});

/** From now on, remembers every time the page was held up for more than 50 ms. */
async function watchForHolds(page) {
  await page.evaluate(() => {
    window.holds = [];
    window.holdObserver = new PerformanceObserver((list) => {
      window.holds.push(...list.getEntries().map(({ duration }) => Math.round(duration)));
    });
    window.holdObserver.observe({ type: "longtask" });
  });
}

/** How long those times were, in milliseconds. */
function holds(page) {
  return page.evaluate(() => {
    window.holds.push(...window.holdObserver.takeRecords().map(({ duration }) => Math.round(duration)));
    return window.holds;
  });
}
