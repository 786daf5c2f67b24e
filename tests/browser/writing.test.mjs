// What the composer owes to somebody who writes: nothing is lost unasked, and what is mended is forgiven.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launchChromium } from "./chromium.mjs";
import { compose, openComposer, send, sendButton } from "./composer.mjs";
import { startPalomar } from "./palomar.mjs";
import { createCampaign, untilEnded } from "./rest.mjs";

const MESSAGE = { subject: "October news", body: "<p>Hola</p>", recipients: "ana@example.org" };

describe("somebody who writes", () => {
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

  test("sees a fault go as soon as its field is mended, and keeps the focus", async () => {
    const page = await browser.newPage();
    await openComposer(page, palomar.address);
    await compose(page, { ...MESSAGE, subject: " " });
    await page.getByLabel("Sender address").fill("nobody");
    await page.getByRole("button", { name: "Send to 1", exact: true }).click();
    const refused = page.getByRole("alert").getByText("Nothing was sent");
    await refused.waitFor();
    const subject = page.getByLabel("Subject", { exact: true });
    await page.getByText("The subject must not be blank.").waitFor();
    await subject.pressSequentially("News");
    await page.getByText("The subject must not be blank.").waitFor({ state: "hidden" });
    assert.equal((await subject.inputValue()).trim(), "News");
    assert.equal(await subject.getAttribute("aria-invalid"), null);
    await page.getByLabel("Sender address").fill("");
    await refused.waitFor({ state: "hidden" });
    await page.close();
  });

  test("cannot send before it is decided what happens to lines that are no addresses", async () => {
    const page = await browser.newPage();
    await openComposer(page, palomar.address);
    await compose(page, { ...MESSAGE, recipients: "ana@example.org\nnobody" });
    await page.getByText("1 line is not an address: mend it, or leave it out.").waitFor();
    assert.equal(await sendButton(page).isDisabled(), true);
    await page.getByLabel("Leave them out, and send to the others").check();
    await page.getByRole("button", { name: "Send to 1", exact: true, disabled: false }).waitFor();
    await page.close();
  });

  for (const [what, leave] of [
    ["a reload", (page) => page.reload()],
    ["a link", (page) => page.getByRole("link", { name: "Caught mail" }).click()],
  ]) {
    test(`is asked before ${what} takes what is unsent`, async () => {
      const page = await browser.newPage();
      await openComposer(page, palomar.address);
      await page.getByLabel("Subject", { exact: true }).pressSequentially("Half a thought");
      await page.getByText("14 characters").waitFor();
      const asked = new Promise((resolve) => {
        page.once("dialog", async (dialog) => {
          await dialog.accept();
          resolve(dialog.type());
        });
      });
      await leave(page);
      assert.equal(await asked, "beforeunload");
      await page.close();
    });
  }

  test("stands in the campaign's page when it was sent, unasked", async () => {
    const page = await browser.newPage();
    await openComposer(page, palomar.address);
    await compose(page, MESSAGE);
    await page.getByRole("button", { name: "Send to 1", exact: true }).waitFor();
    const dialogs = [];
    page.on("dialog", (dialog) => dialogs.push(dialog.type()));
    await send(page);
    await page.waitForFunction(() => document.activeElement.id === "content");
    await page.getByRole("heading", { name: MESSAGE.subject }).waitFor();
    await page.reload();
    assert.deepEqual(dialogs, []);
    await page.close();
  });

  test("sees for each reason those who failed for it, and no others", async () => {
    const recipients = ["ana+550@example.org", "eva+dot550@example.org", "luis@example.org"];
    const { id } = await createCampaign(palomar.address, { ...MESSAGE, recipients });
    await untilEnded(palomar.address, id);
    const page = await browser.newPage();
    for (const [code, address, other] of [
      ["550 5.1.1", recipients[0], recipients[1]],
      ["550 5.7.1", recipients[1], recipients[0]],
    ]) {
      await page.goto(`${palomar.address}/campaigns/${id}`);
      const reasons = page.getByRole("region", { name: "Failures by reason" });
      await reasons.getByRole("row").filter({ hasText: code }).getByRole("link", { name: "Show" }).click();
      await page.getByRole("link", { name: `code ${code}` }).waitFor();
      const rows = page.getByRole("region", { name: "Recipients" }).locator("tbody td:first-child");
      await rows.filter({ hasText: other }).waitFor({ state: "detached" });
      assert.deepEqual(await rows.allInnerTexts(), [address]);
    }
    await page.close();
  });
});
