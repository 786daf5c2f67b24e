// Every colour that words are written in can be read on what it stands on: WCAG 2.2, 1.4.3 (AA).
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const MINIMUM = 4.5;
const INKS = ["ink", "muted", "faint", "accent", "sent-ink", "failed-ink", "deferred-ink", "unknown-ink"];
const SURFACES = ["page", "surface", "sunken"];
const PAIRS = [
  ...INKS.flatMap((ink) => SURFACES.map((surface) => [ink, surface])),
  ["accent-ink", "accent"],
  ...["sent", "failed", "deferred", "unknown"].map((state) => [`${state}-ink`, `${state}-soft`]),
];

const css = await readFile(new URL("../../style/tokens.css", import.meta.url), "utf8");
const tokens = Object.fromEntries(
  [...css.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);/g)].map(([, name, light, dark]) => [
    name,
    { light, dark },
  ]),
);

function luminance(colour) {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one, other) {
  const [bright, dim] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (bright + 0.05) / (dim + 0.05);
}

for (const theme of ["light", "dark"]) {
  test(`words can be read in the ${theme} theme`, () => {
    const poor = PAIRS.map(([ink, surface]) => ({ ink, surface, ratio: contrast(tokens[ink][theme], tokens[surface][theme]) }))
      .filter(({ ratio }) => ratio < MINIMUM)
      .map(({ ink, surface, ratio }) => `${ink} on ${surface}: ${ratio.toFixed(2)}`);
    assert.deepEqual(poor, []);
  });
}
