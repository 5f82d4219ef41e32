import type { Clock } from '../core/clock.ts';
import type { Lifetime, Store, StreamEvent } from '../core/store.ts';
import type { Logger } from '../core/telemetry.ts';
import {
  assertCount,
  assertInteger,
  assertKey,
  assertText,
  expiryOf,
  instantAfter,
  sequenceOf,
} from './constraints.ts';
import { Subscriptions } from './subscriptions.ts';
import { Sweeper } from './sweeper.ts';
import { storeUnavailable } from './unavailable.ts';

interface Entry {
  readonly value: string;
  readonly expiresAt: number | null;
}

interface Stream {
  readonly events: readonly StreamEvent[];
  readonly expiresAt: number;
}

/** The store of tests and of trying things out: one process, gone with it. */
export class MemoryStore implements Store {
  readonly #entries = new Map<string, Entry>();
  readonly #streams = new Map<string, Stream>();
  readonly #subscriptions: Subscriptions;
  readonly #sweeper: Sweeper;
  readonly #clock: Clock;
  #sequence = 0;
  #closed = false;

  constructor(context: { readonly clock: Clock; readonly logger: Logger; readonly sweepEveryMs: number }) {
    this.#clock = context.clock;
    this.#subscriptions = new Subscriptions(context.logger);
    this.#sweeper = new Sweeper(() => this.#run(() => this.#sweep()), context.sweepEveryMs, context.logger);
  }

  get(key: string): Promise<string | undefined> {
    return this.#run(() => this.#entry(key)?.value);
  }

  put(key: string, value: string, lifetime: Lifetime): Promise<void> {
    return this.#run(() => {
      this.#set(key, value, expiryOf(lifetime, this.#clock));
    });
  }

  swap(
    key: string,
    expected: string | undefined,
    next: string | undefined,
    lifetime: Lifetime,
  ): Promise<boolean> {
    return this.#run(() => {
      if (this.#entry(key)?.value !== expected) return false;
      if (next === undefined) this.#entries.delete(key);
      else this.#set(key, next, expiryOf(lifetime, this.#clock));
      return true;
    });
  }

  take(key: string): Promise<string | undefined> {
    return this.#run(() => {
      const entry = this.#entry(key);
      this.#entries.delete(key);
      return entry?.value;
    });
  }

  increment(key: string, by: number, lifetime: number): Promise<{ value: number; expiresAt: number }> {
    return this.#run(() => {
      assertInteger(by, 'An increment');
      const counter = this.#entry(key);
      if (counter !== undefined && (counter.expiresAt === null || !/^-?\d+$/.test(counter.value))) {
        throw new RangeError('This record is not a counter');
      }
      const value = Number(counter?.value ?? 0) + by;
      const expiresAt = counter?.expiresAt ?? instantAfter(lifetime, this.#clock);
      this.#set(key, String(value), expiresAt);
      return { value, expiresAt };
    });
  }

  append(
    stream: string,
    value: string,
    bounds: { readonly lifetime: number; readonly maxLength: number },
  ): Promise<string> {
    return this.#run(() => {
      assertKey(stream);
      assertText(value);
      assertCount(bounds.maxLength, 'The length of a stream');
      const id = String(++this.#sequence);
      const events = [...(this.#alive(this.#streams.get(stream))?.events ?? []), { id, value }];
      this.#streams.set(stream, {
        events: events.slice(-bounds.maxLength),
        expiresAt: instantAfter(bounds.lifetime, this.#clock),
      });
      return id;
    });
  }

  readAfter(stream: string, id: string | undefined, limit: number): Promise<StreamEvent[]> {
    return this.#run(() => {
      assertKey(stream);
      assertCount(limit, 'A limit');
      const after = sequenceOf(id);
      const events = this.#alive(this.#streams.get(stream))?.events ?? [];
      return events.filter((event) => Number(event.id) > after).slice(0, limit);
    });
  }

  publish(channel: string, message: string): Promise<void> {
    return this.#run(() => {
      assertKey(channel);
      assertText(message);
      this.#subscriptions.deliver(channel, message, ++this.#sequence);
    });
  }

  subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>> {
    return this.#run(() => {
      assertKey(channel);
      const end = this.#subscriptions.add(channel, listener, this.#sequence);
      return () => {
        end();
        return Promise.resolve();
      };
    });
  }

  scan(
    prefix: string,
    limit: number,
    after?: string,
  ): Promise<{ readonly keys: string[]; readonly next: string | undefined }> {
    return this.#run(() => {
      assertText(prefix);
      assertCount(limit, 'A limit');
      const matching = [...this.#entries.keys()]
        .filter((key) => key.startsWith(prefix) && this.#entry(key) !== undefined)
        .map((key) => Buffer.from(key))
        .sort((left, right) => left.compare(right))
        .filter((key) => after === undefined || key.compare(Buffer.from(after)) > 0)
        .map((key) => key.toString());
      const keys = matching.slice(0, limit);
      return { keys, next: matching.length > limit ? keys.at(-1) : undefined };
    });
  }

  ping(): Promise<void> {
    return this.#run(() => undefined);
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#sweeper.close();
    this.#subscriptions.clear();
    this.#entries.clear();
    this.#streams.clear();
    return Promise.resolve();
  }

  /** Runs one verb as a whole; what it throws becomes the rejection. */
  #run<T>(verb: () => T): Promise<T> {
    return new Promise((resolve) => {
      if (this.#closed) throw storeUnavailable();
      resolve(verb());
    });
  }

  #entry(key: string): Entry | undefined {
    assertKey(key);
    return this.#alive(this.#entries.get(key));
  }

  #set(key: string, value: string, expiresAt: number | null): void {
    assertKey(key);
    assertText(value);
    this.#entries.set(key, { value, expiresAt });
  }

  #alive<T extends { readonly expiresAt: number | null }>(held: T | undefined): T | undefined {
    if (held === undefined || held.expiresAt === null) return held;
    return held.expiresAt > this.#clock.now() ? held : undefined;
  }

  /** One pass removes all there is: a process that forgets everything at its end never holds much. */
  #sweep(): boolean {
    for (const held of [this.#entries, this.#streams]) {
      for (const [key, value] of held) if (this.#alive<Entry | Stream>(value) === undefined) held.delete(key);
    }
    return false;
  }
}
