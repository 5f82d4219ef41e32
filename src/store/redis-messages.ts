import type { Logger } from '../core/telemetry.ts';
import type { RedisAddress } from './redis-address.ts';
import { type RedisClient, RedisConnection } from './redis-connection.ts';
import { Subscriptions } from './subscriptions.ts';

interface Parts {
  readonly connection: RedisConnection;
  readonly subscriptions: Subscriptions;
  readonly nameOf: (channel: string) => string;
  readonly hear: (message: string, name: string) => void;
}

/**
 * Messages between processes. However many subscriptions a process has, one connection carries them, and it
 * asks for the channels that somebody listens to. What is published while it is away is missed, as the
 * store's contract allows.
 */
export class RedisMessages {
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** @throws AppError `CONFIGURATION_INVALID`, `UNAVAILABLE` */
  static async open(address: RedisAddress, logger: Logger): Promise<RedisMessages> {
    const subscriptions = new Subscriptions(logger);
    const nameOf = (channel: string) => channelName(address, channel);
    const prefixLength = nameOf('').length;
    const hear = (message: string, name: string) => {
      subscriptions.deliver(name.slice(prefixLength), message, 1);
    };
    const prepare = async (client: RedisClient) => {
      const names = subscriptions.channels.map(nameOf);
      if (names.length > 0) await client.subscribe(names, hear);
    };
    const connection = await RedisConnection.open({ address, logger, purpose: 'messages', prepare });
    return new RedisMessages({ connection, subscriptions, nameOf, hear });
  }

  get isConnected(): boolean {
    return this.#parts.connection.isConnected;
  }

  async subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>> {
    const { connection, subscriptions, nameOf, hear } = this.#parts;
    let isPresent = false;
    const end = subscriptions.add(channel, (message) => {
      if (isPresent) listener(message);
    });
    const leave = async () => {
      end();
      if (!subscriptions.has(channel)) await this.#forget(channel);
    };
    try {
      // Where others listen to the channel already, messages of before are on their way: the answer to the
      // second command comes after them.
      await connection.use((client) =>
        Promise.all([client.subscribe(nameOf(channel), hear), client.sendCommand(['PING'])]),
      );
    } catch (error) {
      await leave();
      throw error;
    }
    isPresent = true;
    return leave;
  }

  async close(): Promise<void> {
    this.#parts.subscriptions.clear();
    await this.#parts.connection.close();
  }

  /** A connection that is away forgets by itself: the next one asks only for what is listened to then. */
  async #forget(channel: string): Promise<void> {
    const { connection, nameOf, hear } = this.#parts;
    if (!connection.isConnected) return;
    await connection.use((client) => client.unsubscribe(nameOf(channel), hear)).catch(() => undefined);
  }
}

/** Channels belong to the whole server: the database's number keeps two deployments apart. */
export function channelName({ database }: RedisAddress, channel: string): string {
  return `fairlead:channel:${database}:${channel}`;
}
