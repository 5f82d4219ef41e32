import { startRedis } from '../fixtures/redis-server.ts';

/** A store that several processes can share. */
export interface SharedStore {
  /** As `FAIRLEAD_STORE` takes it. */
  readonly url: string;
  stop(): Promise<void>;
}

export const SQLITE: SharedStore = { url: 'sqlite', stop: () => Promise.resolve() };

/** Each kind of store that replicas can share, for `describe.each`. */
export const SHARED_STORES: readonly [name: string, open: () => Promise<SharedStore>][] = [
  ['one SQLite file', () => Promise.resolve(SQLITE)],
  ['one Redis', startRedis],
];
