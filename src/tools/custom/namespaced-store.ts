import { createHash } from 'node:crypto';
import type { Store } from '../../core/store.ts';
import type { ToolStore } from '../../core/tool-context.ts';

const MAX_VALUE_BYTES = 65_536;
const MAX_SECONDS = 31 * 86_400;

/** The part of the store that belongs to one tool file. Keys are hashed: those of tools hold what callers wrote. */
export function namespacedStore(store: Store, owner: string): ToolStore {
  const keyOf = (key: string): string =>
    `tools:own:${createHash('sha256')
      .update(JSON.stringify([owner, key]))
      .digest('base64url')}`;
  return {
    get: (key) => store.get(keyOf(key)),
    put: async (key, value, seconds) => {
      await store.put(keyOf(key), bounded(value), lifetime(seconds));
    },
    swap: async (key, expected, next, seconds) =>
      store.swap(keyOf(key), expected, next === undefined ? undefined : bounded(next), lifetime(seconds)),
    take: (key) => store.take(keyOf(key)),
    increment: async (key, by, seconds) => (await store.increment(keyOf(key), by, lifetime(seconds))).value,
  };
}

function bounded(value: string): string {
  const bytes = Buffer.byteLength(value);
  if (bytes <= MAX_VALUE_BYTES) return value;
  throw new RangeError(`A tool kept ${bytes} bytes in one record; at most ${MAX_VALUE_BYTES} are allowed`);
}

function lifetime(seconds: number): number {
  if (seconds > 0 && seconds <= MAX_SECONDS) return seconds;
  throw new RangeError(
    `A tool kept a record for ${seconds} s; above 0 and at most ${MAX_SECONDS} are allowed`,
  );
}
