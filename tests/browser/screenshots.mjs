// Takes every state of every page as a person sees it, wide and narrow, light and dark, into
// target/screenshots: `node tests/browser/screenshots.mjs`. With `--readme` it also takes the one that
// README.md shows, into docs/images. `--only=word` takes those whose name has the word in it.
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { complaints, launchChromium } from "./chromium.mjs";
import { startPalomar } from "./palomar.mjs";
import { ROOT } from "./program.mjs";
import { SCENES } from "./scenes.mjs";

const FOLDER = join(ROOT, "target/screenshots");
const WIDTHS = [1440, 390];
const THEMES = ["light", "dark"];
const README = { scene: "campaign-sending", path: join(ROOT, "docs/images/campaign.png") };
const withReadme = process.argv.includes("--readme");
const only = process.argv.find((word) => word.startsWith("--only="))?.slice("--only=".length) ?? "";

const palomar = await startPalomar();
const browser = await launchChromium();
await mkdir(FOLDER, { recursive: true });
try {
  for (const scene of SCENES) {
    const path = (await scene.prepare?.(palomar.address)) ?? scene.path;
    if (!scene.name.includes(only)) continue;
    if (withReadme && scene.name === README.scene) await takeForReadme(path);
    for (const width of WIDTHS) {
      for (const colorScheme of THEMES) await take({ ...scene, path }, width, colorScheme);
    }
  }
} finally {
  await browser.close();
  await palomar.stop();
}

/** Takes one picture and says what is wrong with the page, if anything is. */
async function take({ name, path, act }, width, colorScheme) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const heard = complaints(page);
  if (path) await page.goto(palomar.address + path, { waitUntil: "load" });
  await act?.(page, palomar.address);
  await page.evaluate(() => document.fonts.ready);
  // As tall as the page: what sticks to an edge would otherwise stand in the middle of the picture.
  const height = await page.evaluate(() => Math.max(innerHeight, document.scrollingElement.scrollHeight));
  await page.setViewportSize({ width, height });
  const file = `${name}-${width}-${colorScheme}.png`;
  await page.screenshot({ path: join(FOLDER, file) });
  if (await page.evaluate(() => document.scrollingElement.scrollWidth > innerWidth)) heard.unshift("wider than the screen");
  console.log([file, ...heard].join("\n    "));
  await page.close();
}

async function takeForReadme(path) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: "light" });
  await page.goto(palomar.address + path, { waitUntil: "load" });
  // Live, so that it shows what it does.
  await page.getByRole("region", { name: "Progress" }).getByText("left").waitFor();
  await mkdir(dirname(README.path), { recursive: true });
  await page.screenshot({ path: README.path });
  await page.close();
}
