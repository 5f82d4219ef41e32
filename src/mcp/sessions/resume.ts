import { AppError } from '../../core/errors.ts';
import type { EventStream } from '../event-stream.ts';
import type { Exchange } from '../exchange.ts';
import type { AnswerParts } from './call-answer.ts';
import { type LoggedEntry, parseEventId } from './event-log.ts';
import type { Session } from './session.ts';
import { isAfter, takeTurn } from './turn.ts';

// Hints come sooner; this is for those that got lost.
const LOOK_EVERY_MS = 1000;
const INTERNAL_ERROR = -32603;

/**
 * Goes on with a stream after the last event that its client has seen, whichever process answers the request
 * (2025-11-25, basic/transports, "Resumability and Redelivery").
 *
 * @throws AppError `BAD_REQUEST` for an event that is none of this session's, or was too long ago;
 *   `BUSY` when the principal has too many streams
 */
export async function resumeStream(
  exchange: Exchange,
  session: Session,
  lastEventId: string,
  parts: AnswerParts,
): Promise<void> {
  const { log, hub, streams } = parts;
  const event = parseEventId(lastEventId);
  const [first] = event === undefined ? [] : await log.read(session, event.stream, undefined);
  if (event === undefined || first?.entry.kind !== 'opened') throw unknownEvent();
  // What is told on it was found with these.
  if (!exchange.principal.scopes.hasAll(first.entry.scopes)) throw unknownEvent();
  // Before the connection is taken over: a position that does not exist must not disturb it.
  const missed = await log.read(session, event.stream, event.position);
  if (missed[0]?.entry.kind === 'abandoned') throw unknownEvent();
  const { principal, response } = exchange;
  const reader = new Reader(streams.openStanding(response, { kind: 'resumed', principal }));
  const me = takeTurn();
  const release = hub.on('stream', event.stream, (data) => {
    if (data['taken'] === undefined) reader.wake();
    else if (isAfter(data['taken'], me)) reader.stop();
  });
  try {
    await hub.ready();
    hub.send({ kind: 'stream', key: event.stream, data: { taken: me } });
    await follow(reader, { session, ...event, opened: first.entry, missed }, parts);
  } finally {
    release();
    reader.stop();
  }
}

interface Followed {
  readonly session: Session;
  readonly stream: string;
  readonly opened: Extract<LoggedEntry['entry'], { kind: 'opened' }>;
  /** Of the last event that the client has. */
  readonly position: string;
  readonly missed: readonly LoggedEntry[];
}

async function follow(reader: Reader, followed: Followed, { log, liveness }: AnswerParts): Promise<void> {
  const { session, stream, opened } = followed;
  let entries = followed.missed;
  let { position } = followed;
  for (;;) {
    for (const entry of entries) {
      position = parseEventId(entry.eventId)?.position ?? position;
      if (!reader.write(entry)) return;
      await reader.caughtUp();
    }
    if (entries.length === 0 && !(await liveness.isAlive(opened.owner))) {
      reader.fail(opened.requestIds);
      return;
    }
    if (entries.length === 0) await reader.next();
    if (!reader.isOpen) return;
    entries = await log.read(session, stream, position);
  }
}

class Reader {
  readonly #out: EventStream;
  #wake: () => void = () => undefined;
  #isWoken = false;

  constructor(out: EventStream) {
    this.#out = out;
    out.onClose(() => {
      this.wake();
    });
  }

  get isOpen(): boolean {
    return this.#out.isOpen;
  }

  /** Whether more may follow. */
  write({ eventId, entry }: LoggedEntry): boolean {
    if (entry.kind === 'abandoned') return false;
    if (entry.kind !== 'message') return true;
    this.#out.send({ id: eventId, data: JSON.stringify(entry.message) });
    return entry.isLast !== true;
  }

  /** What is kept may be more than may wait for a reader: it goes out as fast as it is read. */
  caughtUp(): Promise<void> {
    return this.#out.drained();
  }

  /** Tells that no answer can come: the process that worked on it is gone. */
  fail(requestIds: readonly (string | number)[]): void {
    const error = {
      code: INTERNAL_ERROR,
      message: 'The server process that worked on this request has stopped; send the request again',
    };
    for (const id of requestIds) this.#out.send({ data: JSON.stringify({ jsonrpc: '2.0', id, error }) });
  }

  /** Resolves when there may be something new. */
  async next(): Promise<void> {
    if (!this.#isWoken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_EVERY_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#isWoken = false;
  }

  wake(): void {
    this.#isWoken = true;
    this.#wake();
  }

  stop(): void {
    this.#out.end();
    this.wake();
  }
}

function unknownEvent(): AppError {
  return new AppError(
    'BAD_REQUEST',
    'The stream of this event cannot be resumed: it is unknown or too old.',
    {
      next: 'send the request again',
    },
  );
}
