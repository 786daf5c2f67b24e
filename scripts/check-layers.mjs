// Checks who may depend on whom. The rule is in the manifests: what a crate does not name, it cannot
// call. The table is that of docs/ARCHITECTURE.md; dependencies of tests alone are free.
import { execFileSync } from "node:child_process";

const HTTP = /^(axum|leptos|tower-http$)/;
const PAGES = /^leptos/;
const DATABASE = /^(sea-orm|sqlx)/;
const QUEUE = /^apalis/;
const MAIL = /^lettre/;

// `members`: the crates of the workspace it may name. `not`: what it must not name from outside.
const LAYERS = {
  domain: { members: [], not: [HTTP, QUEUE, MAIL, /^(tokio|sqlx)/] },
  entity: { members: ["domain"], not: [HTTP, QUEUE, MAIL] },
  migration: { members: [], not: [HTTP, QUEUE, MAIL] },
  service: { members: ["domain", "entity", "migration"], not: [HTTP] },
  app: { members: ["domain", "service"], not: [DATABASE, QUEUE, MAIL] },
  server: { members: ["app", "service", "domain", "worker", "catcher"], not: [DATABASE, QUEUE, MAIL] },
  worker: { members: ["service", "domain"], not: [HTTP, DATABASE] },
  testbed: { members: ["domain"], not: [HTTP, QUEUE, MAIL] },
  catcher: { members: [], not: [PAGES, DATABASE, QUEUE, MAIL] },
};
// These reach the browser, so what is for the server alone must be optional there.
const OPTIONAL = { app: ["service", "axum", "leptos_axum"], domain: ["sea-orm"] };

const metadata = JSON.parse(
  execFileSync("cargo", ["metadata", "--locked", "--no-deps", "--format-version", "1"], { maxBuffer: 1 << 28 }),
);
const members = new Set(metadata.packages.map((crate) => crate.name));

function faults({ name, dependencies }) {
  const layer = LAYERS[name];
  if (!layer) return [`${name} is new: say in scripts/check-layers.mjs which layer it is`];
  return dependencies
    .filter((dependency) => dependency.kind !== "dev")
    .flatMap((dependency) => {
      const other = dependency.name;
      const allowed = members.has(other) ? layer.members.includes(other) : !layer.not.some((no) => no.test(other));
      if (!allowed) return [`${name} must not depend on ${other}`];
      if (OPTIONAL[name]?.includes(other) && !dependency.optional) return [`${name} may depend on ${other} only as optional`];
      return [];
    });
}

const found = metadata.packages.flatMap(faults);
for (const fault of found) console.error(`layers: ${fault}; see docs/ARCHITECTURE.md`);
process.exit(found.length ? 1 : 0);
