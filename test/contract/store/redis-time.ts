import { createClient } from '@redis/client';
import type { Clock } from '../../../src/core/clock.ts';
import type { Lifetime, Store } from '../../../src/core/store.ts';

/**
 * One second of the suite is more than a day of Redis, whose clock nobody can hold: the time that the tests
 * themselves take shrinks to nothing beside it, and never decides whether something has expired.
 */
const SLOWDOWN = 100_000;

/** Takes milliseconds (`ARGV[1]`) from the life of every key, which Redis then expires itself. */
const PASS = `
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 then redis.call('PEXPIRE', key, string.format('%.0f', left - ARGV[1])) end
end`;

/** What the contract suite needs over a Redis server, beside the store. */
export class RedisTime {
  readonly #admin: ReturnType<typeof adminOf>;

  private constructor(admin: ReturnType<typeof adminOf>) {
    this.#admin = admin;
  }

  static async of(url: string): Promise<RedisTime> {
    const admin = adminOf(url);
    await admin.connect();
    return new RedisTime(admin);
  }

  async pass(seconds: number): Promise<void> {
    await this.#admin.eval(PASS, { arguments: [String(seconds * SLOWDOWN * 1000)] });
  }

  /** The store as a suite sees it that goes by `clock`. */
  slowed(store: Store, clock: Clock): Store {
    const slow = (lifetime: Lifetime): Lifetime =>
      lifetime === 'permanent' ? lifetime : lifetime * SLOWDOWN;
    return {
      get: (key) => store.get(key),
      put: (key, value, lifetime) => store.put(key, value, slow(lifetime)),
      swap: (key, expected, next, lifetime) => store.swap(key, expected, next, slow(lifetime)),
      take: (key) => store.take(key),
      increment: async (key, by, lifetime) => {
        const { value, expiresAt } = await store.increment(key, by, lifetime * SLOWDOWN);
        return { value, expiresAt: clock.now() + Math.round((expiresAt - Date.now()) / SLOWDOWN) };
      },
      append: (stream, value, { lifetime, maxLength }) =>
        store.append(stream, value, { lifetime: lifetime * SLOWDOWN, maxLength }),
      readAfter: (stream, id, limit) => store.readAfter(stream, id, limit),
      publish: (channel, message) => store.publish(channel, message),
      subscribe: (channel, listener) => store.subscribe(channel, listener),
      scan: (prefix, limit, after) => store.scan(prefix, limit, after),
      ping: () => store.ping(),
      close: () => store.close(),
    };
  }

  async forgetAll(): Promise<void> {
    await this.#admin.flushAll();
  }

  async close(): Promise<void> {
    await this.#admin.close();
  }
}

function adminOf(url: string) {
  return createClient({ url });
}
