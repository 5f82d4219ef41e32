/**
 * Measures the figures that the product holds itself to. Absolute ones differ between machines and minutes,
 * so each stands beside a baseline that was measured in the same run.
 *
 * `npm run bench` measures all; `npm run bench -- hot-path` or `-- tools` a part.
 */
import { benchHotPath } from './hot-path.ts';
import { benchTools } from './tools.ts';

const PARTS: Readonly<Record<string, () => Promise<void>>> = { 'hot-path': benchHotPath, tools: benchTools };

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  throw new Error(`There is no ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
}
for (const [name, bench] of Object.entries(PARTS)) {
  if (wanted.length === 0 || wanted.includes(name)) await bench();
}
