// Takes every page as a person sees it, wide and narrow, light and dark, into target/screenshots:
// `node tests/browser/screenshots.mjs [ADDRESS] [PAGE...]`. Without an address it starts a server of
// its own; without pages it takes all those below.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { complaints, launchChromium } from "./chromium.mjs";
import { startPalomar } from "./palomar.mjs";

const FOLDER = fileURLToPath(new URL("../../target/screenshots", import.meta.url));
const PAGES = ["/", "/campaigns/new", "/caught", "/suppressions", "/settings"];
const WIDTHS = [1440, 390];
const THEMES = ["light", "dark"];

const given = process.argv.slice(2);
const palomar = given[0]?.startsWith("http") ? { address: given.shift().replace(/\/$/, "") } : await startPalomar();
const browser = await launchChromium();
await mkdir(FOLDER, { recursive: true });
try {
  for (const path of given.length ? given : PAGES) {
    for (const width of WIDTHS) {
      for (const colorScheme of THEMES) await take(path, width, colorScheme);
    }
  }
} finally {
  await browser.close();
  await palomar.stop?.();
}

/** Takes one picture and says what is wrong with the page, if anything is. */
async function take(path, width, colorScheme) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const heard = complaints(page);
  await page.goto(palomar.address + path, { waitUntil: "load" });
  await page.evaluate(() => document.fonts.ready);
  const name = `${path.replaceAll("/", "-").slice(1) || "dashboard"}-${width}-${colorScheme}.png`;
  await page.screenshot({ path: join(FOLDER, name), fullPage: true });
  if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) heard.unshift("wider than the screen");
  console.log([name, ...heard].join("\n    "));
  await page.close();
}
