/** How long a record lives: seconds from now, or `permanent` for what only an operator removes. */
export type Lifetime = number | 'permanent';

export interface StreamEvent {
  /** Grows along the stream; compare only through {@link Store.readAfter}. Visible ASCII, at most 64 characters. */
  readonly id: string;
  readonly value: string;
}

/**
 * The state that outlives a request, shared by every process of a deployment. Twelve verbs that SQLite,
 * Redis and memory can all do atomically; what the records mean belongs to the callers.
 *
 * Keys are `<owner>:<kind>:<id>` with at most 512 bytes; values are strings (callers choose JSON).
 * An expired record is never returned, whether or not it has been swept yet. Every method rejects with
 * AppError `UNAVAILABLE` when the store cannot be reached or is closed, and with a RangeError for a key
 * that is empty or too long, for text that is not well-formed Unicode, and for a lifetime that is no
 * finite number: a caller hashes what strangers can make long.
 */
export interface Store {
  get(key: string): Promise<string | undefined>;
  /** Creates or replaces. */
  put(key: string, value: string, lifetime: Lifetime): Promise<void>;
  /**
   * Atomically replaces `expected` by `next` and answers whether it did. `undefined` as `expected`
   * means that the key must not exist; as `next`, that it is removed.
   */
  swap(
    key: string,
    expected: string | undefined,
    next: string | undefined,
    lifetime: Lifetime,
  ): Promise<boolean>;
  /** Atomically reads and removes: of any number of concurrent takers, one gets the value. */
  take(key: string): Promise<string | undefined>;
  /**
   * Atomically adds to a counter that lives `lifetime` seconds from its first increment; `get` reads it as
   * a decimal number. `expiresAt` is in milliseconds since the epoch, as a clock counts them.
   */
  increment(
    key: string,
    by: number,
    lifetime: number,
  ): Promise<{ readonly value: number; readonly expiresAt: number }>;
  /** Appends to a stream and renews its lifetime; the oldest events beyond `maxLength` are dropped. Answers the event's id. */
  append(
    stream: string,
    value: string,
    bounds: { readonly lifetime: number; readonly maxLength: number },
  ): Promise<string>;
  /**
   * Events after `id` (all that are kept, when undefined), oldest first.
   *
   * @throws AppError `BAD_REQUEST` for an id that no store answers.
   */
  readAfter(stream: string, id: string | undefined, limit: number): Promise<StreamEvent[]>;
  /** Delivers to the present subscribers of every process, at most once, in order per publisher. */
  publish(channel: string, message: string): Promise<void>;
  /** Resolves once messages published from now on will arrive; answers the unsubscriber. */
  subscribe(channel: string, listener: (message: string) => void): Promise<() => Promise<void>>;
  /**
   * Keys of records (streams are not among them) that start with the prefix, in pages: hand `next` in as
   * `after`; it is undefined on the last. Records may change between pages.
   */
  scan(
    prefix: string,
    limit: number,
    after?: string,
  ): Promise<{ readonly keys: string[]; readonly next: string | undefined }>;
  /** Resolves if the store can be read and written now. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
