import type { Scope } from '../../core/scopes.ts';
import type { Store } from '../../core/store.ts';
import type { Session } from './session.ts';

interface Opened {
  /** The process that answers. */
  readonly owner: string;
  readonly requestIds: readonly (string | number)[];
  /** What the caller held: who reads on must hold it too, as a later token of the session may do less. */
  readonly scopes: readonly Scope[];
}

/** What the log of a stream holds, in order: who answers what, then each message, the last one marked. */
export type LogEntry =
  | ({ readonly kind: 'opened' } & Opened)
  | { readonly kind: 'message'; readonly message: object; readonly isLast?: true }
  /** Nothing more comes: the call was cancelled. */
  | { readonly kind: 'abandoned' };

export interface LoggedEntry {
  /** Of the event, as the client sees it: `<stream>.<position>`. */
  readonly eventId: string;
  readonly entry: LogEntry;
}

interface EventLogBounds {
  /** Seconds that a stream can be resumed for after its newest event. */
  readonly lifetime: number;
  readonly maxEvents: number;
  readonly maxBytes: number;
}

const EVENT_ID = /^([A-Za-z0-9_-]{16})\.([\x21-\x7e]{1,64})$/;
const READ_AT_ONCE = 100;

/** The part of an event id that names the stream, and the position in it. */
export function parseEventId(eventId: string): { stream: string; position: string } | undefined {
  const [, stream, position] = EVENT_ID.exec(eventId) ?? [];
  return stream === undefined || position === undefined ? undefined : { stream, position };
}

/** The events of answers that became streams, in the store, so that any process can go on with them. */
export class EventLog {
  readonly #store: Store;
  readonly #bounds: EventLogBounds;

  constructor(store: Store, bounds: EventLogBounds) {
    this.#store = store;
    this.#bounds = bounds;
  }

  /** Begins the log of a stream; answers its first event's id, and how to go on. */
  async open(
    session: Session,
    stream: string,
    opened: Opened,
  ): Promise<{ readonly eventId: string; readonly writer: EventLogWriter }> {
    const writer = new EventLogWriter(this.#store, this.#bounds, { key: keyOf(session, stream), stream });
    return { eventId: await writer.append({ kind: 'opened', ...opened }), writer };
  }

  /**
   * The entries after a position, oldest first, some at a time; all that there are where it is undefined.
   *
   * @throws AppError `BAD_REQUEST` for a position that no store has given out
   */
  async read(session: Session, stream: string, position: string | undefined): Promise<LoggedEntry[]> {
    const events = await this.#store.readAfter(keyOf(session, stream), position, READ_AT_ONCE);
    return events.map(({ id, value }) => ({
      eventId: `${stream}.${id}`,
      entry: JSON.parse(value) as LogEntry,
    }));
  }
}

export class EventLogWriter {
  readonly #store: Store;
  readonly #bounds: EventLogBounds;
  readonly #target: { readonly key: string; readonly stream: string };
  #events = 0;
  #bytes = 0;

  constructor(
    store: Store,
    bounds: EventLogBounds,
    target: { readonly key: string; readonly stream: string },
  ) {
    this.#store = store;
    this.#bounds = bounds;
    this.#target = target;
  }

  /** Whether one more notification fits. Answers always do. */
  get hasRoom(): boolean {
    return this.#events < this.#bounds.maxEvents && this.#bytes < this.#bounds.maxBytes;
  }

  /** Answers the event's id. */
  async append(entry: LogEntry): Promise<string> {
    const value = JSON.stringify(entry);
    const { key, stream } = this.#target;
    const { lifetime, maxEvents } = this.#bounds;
    // Answers come on top of what notifications may take; nothing that was told is ever dropped.
    const id = await this.#store.append(key, value, { lifetime, maxLength: maxEvents + 1000 });
    this.#events++;
    this.#bytes += value.length;
    return `${stream}.${id}`;
  }
}

function keyOf(session: Session, stream: string): string {
  return `mcp:events:${session.id}:${stream}`;
}
