import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { Lifetime, Store, StreamEvent } from '../core/store.ts';
import type { Logger } from '../core/telemetry.ts';
import {
  assertCount,
  assertInteger,
  assertKey,
  assertText,
  millisecondsOf,
  sequenceOf,
} from './constraints.ts';
import { type RedisAddress, redisAddressOf } from './redis-address.ts';
import { RedisConnection } from './redis-connection.ts';
import { channelName, RedisMessages } from './redis-messages.ts';
import { APPEND, INCREMENT, SWAP } from './redis-scripts.ts';
import { inspectServer } from './redis-server.ts';
import { storeUnavailable } from './unavailable.ts';

const RECORD = 'fairlead:record:';
const STREAM = 'fairlead:stream:';
const LIVENESS = 'fairlead:liveness';
const LIVENESS_MS = 60_000;

/** How many keys Redis looks at in one step of a scan, in which nobody else is served. */
const SCAN_STEP = 1000;

interface RedisContext {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** @throws AppError `CONFIGURATION_INVALID`, `UNAVAILABLE` when nothing answers for 5 seconds */
export async function openRedis(url: string, context: RedisContext): Promise<Store> {
  const address = redisAddressOf(url);
  if (address === undefined) {
    throw new AppError('CONFIGURATION_INVALID', 'FAIRLEAD_STORE is no valid redis:// URL.', {
      next: 'write it as redis://user:password@host:6379/0',
    });
  }
  const { logger } = context;
  const commands = await RedisConnection.open({ address, logger, purpose: 'commands' });
  try {
    await inspectServer(commands, { address, logger });
    const messages = await RedisMessages.open(address, logger);
    return new RedisStore({ commands, messages, address, clock: context.clock });
  } catch (error) {
    await commands.close();
    throw error;
  }
}

interface Parts {
  readonly commands: RedisConnection;
  readonly messages: RedisMessages;
  readonly address: RedisAddress;
  readonly clock: Clock;
}

/** Two connections, however much is asked of it: one for commands, one for messages. */
class RedisStore implements Store {
  readonly #commands: RedisConnection;
  readonly #messages: RedisMessages;
  readonly #address: RedisAddress;
  readonly #clock: Clock;

  constructor({ commands, messages, address, clock }: Parts) {
    this.#commands = commands;
    this.#messages = messages;
    this.#address = address;
    this.#clock = clock;
  }

  async get(key: string): Promise<string | undefined> {
    return textOf(await this.#commands.send(['GET', recordKey(key)]));
  }

  async put(key: string, value: string, lifetime: Lifetime): Promise<void> {
    const [record, left] = [recordKey(key), lifetimeOf(lifetime)];
    assertText(value);
    if (left === '') await this.#commands.send(['SET', record, value]);
    else if (left === '0') await this.#commands.send(['DEL', record]);
    else await this.#commands.send(['SET', record, value, 'PX', left]);
  }

  async swap(
    key: string,
    expected: string | undefined,
    next: string | undefined,
    lifetime: Lifetime,
  ): Promise<boolean> {
    const record = recordKey(key);
    const left = next === undefined ? '0' : lifetimeOf(lifetime);
    assertText(next ?? '');
    const isExpected = expected === undefined ? '0' : '1';
    const done = await this.#commands.run(SWAP, record, isExpected, expected ?? '', next ?? '', left);
    return done === 1;
  }

  async take(key: string): Promise<string | undefined> {
    return textOf(await this.#commands.send(['GETDEL', recordKey(key)]));
  }

  async increment(key: string, by: number, lifetime: number): Promise<{ value: number; expiresAt: number }> {
    const record = recordKey(key);
    assertInteger(by, 'An increment');
    const counter = await this.#commands.run(INCREMENT, record, String(by), lifetimeOf(lifetime));
    if (!Array.isArray(counter)) throw new RangeError('This record is not a counter');
    // Told by the caller's clock, whatever that of Redis shows: what is left of the counter's life is the same.
    return { value: Number(counter[0]), expiresAt: this.#clock.now() + Number(counter[1]) };
  }

  async append(
    stream: string,
    value: string,
    bounds: { readonly lifetime: number; readonly maxLength: number },
  ): Promise<string> {
    const key = streamKey(stream);
    assertText(value);
    assertCount(bounds.maxLength, 'The length of a stream');
    const left = lifetimeOf(bounds.lifetime);
    return String(await this.#commands.run(APPEND, key, value, String(bounds.maxLength), left));
  }

  async readAfter(stream: string, id: string | undefined, limit: number): Promise<StreamEvent[]> {
    const key = streamKey(stream);
    assertCount(limit, 'A limit');
    const events = await this.#commands.send([
      ...['XRANGE', key, `(${sequenceOf(id)}`, '+'],
      ...['COUNT', String(limit)],
    ]);
    // Redis answers each event as [id, [name, value, …]] (https://redis.io/docs/latest/commands/xrange/).
    return (events as [string, [string, string]][]).map(([name, [, value]]) => ({
      id: name.replace(/-.*$/, ''),
      value,
    }));
  }

  async publish(channel: string, message: string): Promise<void> {
    assertKey(channel);
    assertText(message);
    await this.#commands.send(['PUBLISH', channelName(this.#address, channel), message]);
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>> {
    assertKey(channel);
    return await this.#messages.subscribe(channel, listener);
  }

  /**
   * Walks all keys of the database, a step at a time: it takes as long as there are keys, whatever the prefix.
   * A key can come twice where Redis makes its table smaller between two pages.
   */
  async scan(
    prefix: string,
    limit: number,
    after?: string,
  ): Promise<{ readonly keys: string[]; readonly next: string | undefined }> {
    assertText(prefix);
    assertCount(limit, 'A limit');
    const place = after === undefined ? { cursor: '0', left: [] } : placeOf(after);
    const found = new Set(place.left);
    let { cursor } = place;
    let isDone = after !== undefined && cursor === '0';
    while (!isDone && found.size <= limit) {
      const step = await this.#commands.send(scanCommand(prefix, cursor));
      // https://redis.io/docs/latest/commands/scan/
      const [next, keys] = step as [string, string[]];
      for (const key of keys) found.add(key.slice(RECORD.length));
      cursor = next;
      isDone = cursor === '0';
    }
    const keys = [...found];
    const left = keys.splice(limit);
    return { keys, next: left.length === 0 ? undefined : JSON.stringify([cursor, ...left]) };
  }

  /** Writes, as a replica and a full memory answer reads all the same. */
  async ping(): Promise<void> {
    await this.#commands.send(['SET', LIVENESS, '', 'PX', String(LIVENESS_MS)]);
    if (!this.#messages.isConnected) throw storeUnavailable(new Error('No messages arrive'));
  }

  async close(): Promise<void> {
    await Promise.all([this.#commands.close(), this.#messages.close()]);
  }
}

function recordKey(key: string): string {
  assertKey(key);
  return RECORD + key;
}

function streamKey(stream: string): string {
  assertKey(stream);
  return STREAM + stream;
}

/** In milliseconds, as Redis reads it: empty for a permanent record, `0` for one that is over at once. */
function lifetimeOf(lifetime: Lifetime): string {
  return lifetime === 'permanent' ? '' : String(Math.max(millisecondsOf(lifetime), 0));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function scanCommand(prefix: string, cursor: string): string[] {
  const pattern = `${RECORD}${prefix.replace(/[*?[\]\\]/g, '\\$&')}*`;
  return ['SCAN', cursor, 'MATCH', pattern, 'COUNT', String(SCAN_STEP), 'TYPE', 'string'];
}

/** Where a page ended: the cursor of the next step, and what steps before had found beyond the page. */
function placeOf(next: string): { cursor: string; left: string[] } {
  const [cursor, ...left] = JSON.parse(next) as string[];
  if (cursor === undefined || !/^\d+$/.test(cursor)) throw new RangeError('This is not the end of a page');
  return { cursor, left };
}
