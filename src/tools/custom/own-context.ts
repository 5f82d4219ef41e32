import { LRUCache } from 'lru-cache';
import type { CacheBounds, ToolCache, ToolContext } from '../../core/tool-context.ts';
import type { FileAccessContext } from '../../core/tool-feature.ts';
import { namespacedStore } from './namespaced-store.ts';
import { type CustomOptions, fileName } from './options.ts';

/** What the tools of one file are made of. */
export function ownContext(
  entry: CustomOptions['files'][number],
  { logger, fetch, files, store }: FileAccessContext,
): ToolContext {
  const { settings, secrets } = entry;
  const name = fileName(entry);
  return Object.freeze({
    ...{ settings, secrets, fetch, files },
    logger: logger.child({ tools: name }),
    store: namespacedStore(store, name),
    cache,
  });
}

function cache<V>({ entries, seconds }: CacheBounds): ToolCache<V> {
  // To the library, 0 means that there is no bound.
  if (!(entries > 0 && seconds > 0)) {
    throw new RangeError(`A cache of ${entries} entries for ${seconds} s; both have to be above 0`);
  }
  const kept = new LRUCache<string, { readonly value: V }>({ max: entries, ttl: Math.ceil(seconds * 1000) });
  return {
    get: (key) => kept.get(key)?.value,
    set: (key, value) => {
      kept.set(key, { value });
    },
    delete: (key) => {
      kept.delete(key);
    },
  };
}
