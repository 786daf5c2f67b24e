// The browser of the tests: the machine's own Chromium, driven by Playwright, which downloads none.
import { chromium } from "playwright-core";

/** Chromium without anything that would leave this machine. Close it when done. */
export function launchChromium() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    args: [
      // As root in a container Chromium has no sandbox; it only sees the project's own pages.
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/**
 * Keeps what went wrong in a page: uncaught errors, errors and warnings on its console, and requests
 * that failed or were answered with 4xx or 5xx. A test ends by asserting that the list is empty.
 */
export function complaints(page) {
  const list = [];
  page.on("pageerror", (error) => list.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) list.push(`console: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText;
    // A page that is left ends its event stream.
    if (reason !== "net::ERR_ABORTED") list.push(`request: ${request.url()} ${reason}`);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) list.push(`answer: ${response.url()} ${response.status()}`);
  });
  return list;
}
