import type { Logger } from '../core/telemetry.ts';

interface Subscription {
  readonly listener: (message: string) => void;
  /** Sequence number of the last message published before it began: that one and earlier ones are not for it. */
  readonly after: number;
}

/** The subscribers of this process. */
export class Subscriptions {
  readonly #channels = new Map<string, Set<Subscription>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get channels(): string[] {
    return [...this.#channels.keys()];
  }

  has(channel: string): boolean {
    return this.#channels.has(channel);
  }

  get empty(): boolean {
    return this.#channels.size === 0;
  }

  /** Answers the function that ends the subscription; calling it again does nothing. */
  add(channel: string, listener: (message: string) => void, after = 0): () => void {
    const subscription = { listener, after };
    const present = this.#channels.get(channel) ?? new Set();
    this.#channels.set(channel, present.add(subscription));
    return () => {
      present.delete(subscription);
      if (present.size === 0 && this.#channels.get(channel) === present) this.#channels.delete(channel);
    };
  }

  /** A listener that throws is reported and keeps no other from its message. */
  deliver(channel: string, message: string, sequence: number): void {
    for (const { listener, after } of [...(this.#channels.get(channel) ?? [])]) {
      if (sequence <= after) continue;
      try {
        listener(message);
      } catch (error) {
        this.#logger.error({ err: error }, 'A store subscriber failed');
      }
    }
  }

  clear(): void {
    this.#channels.clear();
  }
}
