import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Of the engine's package, which is named for it: `1.5.5`. Undefined where this platform has none. */
export function engineVersion(): string | undefined {
  try {
    const { resolve } = createRequire(import.meta.url);
    resolve(`@duckdb/node-bindings-${process.platform}-${process.arch}/duckdb.node`);
    const about: unknown = JSON.parse(readFileSync(resolve('@duckdb/node-bindings/package.json'), 'utf8'));
    const version =
      typeof about === 'object' && about !== null && 'version' in about ? String(about.version) : '';
    return version.split('-')[0];
  } catch {
    return undefined;
  }
}
