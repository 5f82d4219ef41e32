import { type Clock, systemClock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import type { Logger } from '../core/telemetry.ts';
import { STORE_KINDS, type StoreKind, type StoreOptions } from './options.ts';

interface StoreContext {
  /** Created with mode 0700 where it does not exist and the driver keeps files. */
  readonly dataDir: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Milliseconds between two removals of what has expired. Default 30 000. */
  readonly sweepEveryMs?: number;
}

const DEFAULT_SWEEP_MS = 30_000;

/** What a driver is handed to open the store that `url` names. */
type Driver = (url: string, context: Required<StoreContext>) => Promise<Store>;

/** One line per kind; a driver is loaded when the configuration asks for it. */
export const drivers: Record<StoreKind, Driver> = {
  sqlite: async (url, context) => (await import('./sqlite.ts')).openSqlite(url, context),
  redis: async (url, context) => (await import('./redis.ts')).openRedis(url, context),
  memory: async (_url, context) => new (await import('./memory.ts')).MemoryStore(context),
};

/**
 * Opens the configured store.
 *
 * @throws AppError `CONFIGURATION_INVALID` when it can never be opened as configured: a folder that cannot
 *   be written, a damaged or foreign file, a schema newer than this version knows, a password that the server refuses;
 *   `UNAVAILABLE` when a server does not answer for 5 seconds
 */
export async function openStore(options: StoreOptions, context: StoreContext): Promise<Store> {
  const scheme = /^[a-z]*/.exec(options.url)?.[0];
  const kind = STORE_KINDS.find((name) => name === (scheme === 'rediss' ? 'redis' : scheme));
  if (kind === undefined) {
    throw new AppError('CONFIGURATION_INVALID', `There is no store driver for "${scheme ?? ''}".`, {
      next: `set FAIRLEAD_STORE to one of: ${STORE_KINDS.join(', ')}`,
    });
  }
  return drivers[kind](options.url, { clock: systemClock, sweepEveryMs: DEFAULT_SWEEP_MS, ...context });
}
