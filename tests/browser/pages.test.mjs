// What holds on every page: it fits a telephone, and the keyboard alone is enough.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { complaints, launchChromium } from "./chromium.mjs";
import { compose, openComposer } from "./composer.mjs";
import { startPalomar } from "./palomar.mjs";
import { createCampaign, untilSettled } from "./rest.mjs";

const LONG_NAME = "a-name-that-nobody-would-type-by-hand-and-no-line-can-break-0123";
// More than anybody would press before giving up.
const PATIENCE = 60;

describe("every page", () => {
  let palomar;
  let browser;

  before(async () => {
    palomar = await startPalomar();
    browser = await launchChromium();
    const created = await createCampaign(palomar.address, {
      name: "October news for the members of all reading rooms, and their friends",
      subject: "Donaudampfschifffahrtsgesellschaftskapitänsmützenverordnung ".repeat(2).trim(),
      body: `<table width="900"><tr><td>${"wide".repeat(100)}</td></tr></table>`,
      recipients: [
        "ana@example.org",
        `${LONG_NAME}@a-domain-with-a-name-that-is-long-too.example.org`,
        "eva+550@example.org",
        "marta+451x9@example.org",
        "luis+drop-after-dot@example.org",
      ],
    });
    await createCampaign(palomar.address, { subject: "", body: "", recipients: [], draft: true });
    // The one that is refused for now does not end.
    await untilSettled(palomar.address, created.id, 4);
  });

  after(async () => {
    await browser?.close();
    await palomar?.stop();
  });

  for (const [what, path] of [
    ["the dashboard", "/"],
    ["the composer", "/campaigns/new"],
    ["a campaign", "/campaigns/1"],
    ["everybody a campaign went to", "/campaigns/1?show=ALL"],
    ["an empty draft", "/campaigns/2"],
    ["a campaign that is not there", "/campaigns/4711"],
    ["caught mail", "/caught"],
    ["a caught message", "/caught/1"],
    ["the source of a caught message", "/caught/1?part=source"],
    ["an address where nothing stands", "/nowhere"],
  ]) {
    test(`${what} fits the width of a telephone`, async () => {
      const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
      await page.goto(palomar.address + path);
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.deepEqual(await sticksOut(page), []);
      await page.close();
    });
  }

  test("Enter in the subject sends nothing", async () => {
    const page = await browser.newPage();
    await openComposer(page, palomar.address);
    await compose(page, { subject: "Half a thought", body: "<p>Hola</p>", recipients: "ana@example.org" });
    await page.getByRole("button", { name: "Send to 1", exact: true }).waitFor();
    await page.evaluate(() => document.addEventListener("submit", () => { window.wasSubmitted = true; }, true));
    await page.getByLabel("Subject", { exact: true }).press("Enter");
    assert.equal(await page.evaluate(() => window.wasSubmitted), undefined);
    await page.close();
  });

  test("the composer can be filled and sent with the keyboard alone", async () => {
    const page = await browser.newPage();
    const heard = complaints(page);
    await openComposer(page, palomar.address);
    await tabTo(page, "subject");
    await page.keyboard.type("By keyboard");
    await tabTo(page, "recipients");
    await page.keyboard.type("ana@example.org");
    await tabTo(page, "body");
    await page.keyboard.type("<p>Hola</p>");
    // The page counts once the keys have rested; this Tab key goes round faster than that.
    await page.getByRole("button", { name: "Send to 1", exact: true }).waitFor();
    await tabTo(page, "Send to 1");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/campaigns\/\d+$/);
    await page.getByRole("heading", { name: "By keyboard" }).waitFor();
    assert.deepEqual(heard, []);
    await page.close();
  });
});

/** Presses Tab until the field of this name, or the button of this word, has the focus. */
async function tabTo(page, wanted) {
  const passed = [];
  while (passed.length < PATIENCE) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const { localName, name, textContent } = document.activeElement;
      return localName === "button" ? textContent.trim() : name || textContent.trim();
    });
    if (focused === wanted) return;
    passed.push(focused);
  }
  assert.fail(`Tab does not reach ${wanted}; it went by ${passed.map((word) => word.slice(0, 40)).join(", ")}`);
}

/** What makes the page scroll sideways: nothing when it does not. */
function sticksOut(page) {
  return page.evaluate(() => {
    if (document.scrollingElement.scrollWidth <= innerWidth) return [];
    return [...document.body.querySelectorAll("*")]
      .filter((element) => element.getBoundingClientRect().right > innerWidth)
      .map((element) => `${element.tagName.toLowerCase()}.${element.className}`);
  });
}
