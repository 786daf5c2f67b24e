// Numbers as people read them: medians, ranges, and whether a promise was held.

/** The middle value, or the mean of the two in the middle. */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three digits, thousands kept whole. */
function short(value) {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value.toFixed(value >= 10 ? 1 : 2);
}

function series(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)].map(short);
  return short(median(values)) + (low === high ? "" : ` [${low}–${high}]`);
}

/** The cells of a row: figure, measured, ratio, at least, aim, held. */
function cells({ figure, fault, values, unit, ratio, against, base, least, most, aim }) {
  if (fault) return [figure, `not measured: ${fault}`, "", "", "", "no"];
  const judged = median(ratio ?? values);
  const sign = most === undefined ? "≥" : "≤";
  const limit = most ?? least;
  const within = (bound) => (most === undefined ? judged >= bound : judged <= bound);
  const bound = (value) => (value === undefined ? "" : `${sign} ${value.toLocaleString("en-US")}${ratio ? "" : ` ${unit}`}`);
  let held = "";
  if (limit !== undefined) {
    held = within(limit) ? "yes" : "**falls short**";
    if (aim !== undefined && within(limit)) held = within(aim) ? "yes, and the aim" : "yes, not the aim";
  }
  const compared = ratio ? `${series(ratio)} × ${against}${base ? ` at ${series(base)}` : ""}` : "";
  return [figure, `${series(values)} ${unit}`, compared.replace("× faster", "times faster"), bound(limit), bound(aim), held];
}

export const HEADINGS = ["figure", "measured", "ratio", "at least", "aim", "held"];

/** A row for the console. */
export const line = (row) => {
  const [figure, measured, ratio, limit, aim, held] = cells(row);
  const bounds = [limit, aim && `aim ${aim}`].filter(Boolean).join(", ");
  return [figure.padEnd(68), measured.padEnd(36), ratio, bounds && `(${bounds})`, held.replaceAll("*", "")].filter(Boolean).join("  ");
};

/** A table in Markdown. */
export const markdown = (rows) =>
  [HEADINGS, HEADINGS.map(() => "---"), ...rows.map(cells)]
    .map((row) => `| ${row.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`)
    .join("\n");
