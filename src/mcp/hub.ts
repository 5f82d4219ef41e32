import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../core/json.ts';
import type { Store } from '../core/store.ts';
import type { Logger } from '../core/telemetry.ts';

/** What processes tell each other: `kind` says what happened, `key` to what. */
export interface HubMessage {
  readonly kind: string;
  readonly key: string;
  readonly data?: JsonObject;
}

type Listener = (data: JsonObject) => void;

const CHANNEL = 'mcp:hub';
const LINGER_MS = 30_000;
const RETRY_MS = 1000;

/**
 * Messages between the processes of a deployment, and within one. They are hints, delivered at most once:
 * the truth is in the store, and whoever must not miss it looks there from time to time.
 *
 * The store's channel is subscribed to only while somebody listens, and a while longer: a subscription may
 * cost the store polling.
 */
export class Hub {
  readonly #store: Store;
  readonly #logger: Logger;
  /** Of this process: its own messages come back to it. */
  readonly #self = randomBytes(9).toString('base64url');
  readonly #listeners = new Map<string, Set<Listener>>();
  #subscription: Promise<() => Promise<void>> | undefined;
  #linger: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(store: Store, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Names this process among those that share the store. */
  get self(): string {
    return this.#self;
  }

  /** Listeners of this process are called at once. What cannot reach the others is logged: it was a hint. */
  send({ kind, key, data = {} }: HubMessage): void {
    this.deliver({ kind, key, data });
    this.#store.publish(CHANNEL, JSON.stringify([this.#self, kind, key, data])).catch((error: unknown) => {
      if (!this.#isClosed) this.#logger.warn({ err: error, kind }, 'other processes could not be told');
    });
  }

  /** Tells this process alone; whether anybody here listened. */
  deliver({ kind, key, data = {} }: HubMessage): boolean {
    const listeners = [...(this.#listeners.get(nameOf(kind, key)) ?? [])];
    for (const listener of listeners) {
      try {
        listener(data);
      } catch (error) {
        this.#logger.error({ err: error, kind }, 'a listener failed');
      }
    }
    return listeners.length > 0;
  }

  /** Whether somebody in this process listens for it. */
  hasListener(kind: string, key: string): boolean {
    return this.#listeners.has(nameOf(kind, key));
  }

  /** Calls the listener for every such message; answers how to stop. */
  on(kind: string, key: string, listener: Listener): () => void {
    const name = nameOf(kind, key);
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    this.#keepSubscribed();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(name) === listeners) this.#listeners.delete(name);
      if (this.#listeners.size === 0) this.#lingerOn();
    };
  }

  /** Resolves once messages of other processes arrive; to be called after `on`. */
  async ready(): Promise<void> {
    await this.#subscription?.catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#linger);
    clearTimeout(this.#retry);
    this.#listeners.clear();
    await this.#unsubscribe();
  }

  #keepSubscribed(): void {
    clearTimeout(this.#linger);
    this.#linger = undefined;
    if (this.#subscription !== undefined || this.#isClosed) return;
    const subscription = this.#store.subscribe(CHANNEL, (message) => {
      this.#receive(message);
    });
    this.#subscription = subscription;
    subscription.catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'messages of other processes do not arrive');
      if (this.#subscription !== subscription) return;
      this.#subscription = undefined;
      // The next listener tries again, and those that are there do not wait for one.
      this.#retry ??= setTimeout(() => {
        this.#retry = undefined;
        if (this.#listeners.size > 0) this.#keepSubscribed();
      }, RETRY_MS).unref();
    });
  }

  #lingerOn(): void {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => void this.#unsubscribe(), LINGER_MS).unref();
  }

  async #unsubscribe(): Promise<void> {
    const subscription = this.#subscription;
    this.#subscription = undefined;
    try {
      const stop = await subscription;
      await stop?.();
    } catch (error) {
      this.#logger.debug({ err: error }, 'unsubscribing failed');
    }
  }

  #receive(message: string): void {
    const [from, kind, key, data] = JSON.parse(message) as [string, string, string, JsonObject];
    if (from !== this.#self) this.deliver({ kind, key, data });
  }
}

function nameOf(kind: string, key: string): string {
  return `${kind} ${key}`;
}
