// The composer as a person uses it.

/** Opens the composer and resolves when the page has come to life. */
export async function openComposer(page, address) {
  await page.goto(`${address}/campaigns/new`);
  await comeToLife(page);
}

/** Resolves when the composer counts by itself, which it says by having counted nobody yet. */
export const comeToLife = (page) => recipientCount(page).getByText("Nobody yet").waitFor();

/** What the composer says about the list. */
export const recipientCount = (page) => page.getByRole("status").filter({ hasNotText: "connection to Palomar" }).first();

/** Writes into those fields that are given. */
export async function compose(page, { subject, body, recipients }) {
  if (subject !== undefined) await page.getByLabel("Subject", { exact: true }).fill(subject);
  if (body !== undefined) await page.getByLabel("Body, in HTML").fill(body);
  if (recipients !== undefined) await page.getByLabel("Recipients", { exact: true }).fill(recipients);
}

/** Pastes the list, as a person does who copied it from elsewhere. */
export async function pasteRecipients(page, text) {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
  await page.getByLabel("Recipients", { exact: true }).focus();
  await page.keyboard.press("ControlOrMeta+V");
}

/** The button that sends, whatever number it names. */
export const sendButton = (page) => page.getByRole("button", { name: /^Send/ });

/** Presses Send and resolves to the new campaign's id once its page stands there. */
export async function send(page) {
  await sendButton(page).click();
  await page.waitForURL(/\/campaigns\/\d+$/);
  return Number(page.url().split("/").at(-1));
}
