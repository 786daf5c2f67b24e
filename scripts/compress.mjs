// Writes a gzip and a Brotli copy beside every file of a folder that shrinks by it, so that the
// server never compresses the bundle itself: `node scripts/compress.mjs dist/pkg`.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";

const folder = process.argv[2];
const COMPRESSIBLE = new Set([".css", ".js", ".svg", ".wasm"]);

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`.padStart(10);

const files = await readdir(folder, { recursive: true });
for (const name of files.filter((name) => COMPRESSIBLE.has(extname(name))).sort()) {
  const path = join(folder, name);
  const content = await readFile(path);
  const [gzipped, brotli] = await Promise.all([
    promisify(gzip)(content, { level: 9 }),
    promisify(brotliCompress)(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
    }),
  ]);
  await writeFile(`${path}.gz`, gzipped);
  await writeFile(`${path}.br`, brotli);
  console.log(`${kilobytes(content.length)}  gzip ${kilobytes(gzipped.length)}  brotli ${kilobytes(brotli.length)}  ${name}`);
}
