// The server starts from nothing, answers, and shows itself in a browser.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { complaints, launchChromium } from "./chromium.mjs";
import { startPalomar } from "./palomar.mjs";

describe("a first start", () => {
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

  test("says that it is alive", async () => {
    const answer = await fetch(`${palomar.address}/healthz`);
    assert.equal(answer.status, 200);
  });

  test("shows a page that comes alive without a complaint", async () => {
    const page = await browser.newPage();
    const heard = complaints(page);
    await page.goto(palomar.address, { waitUntil: "load" });
    assert.match(await page.title(), /Palomar/);
    assert.deepEqual(heard, []);
    await page.close();
  });
});
