import { createHash, randomBytes } from 'node:crypto';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { AppError } from '../../core/errors.ts';
import type { Principal } from '../../core/principal.ts';
import type { Store } from '../../core/store.ts';
import type { Logger } from '../../core/telemetry.ts';
import type { Hub } from '../hub.ts';
import type { Liveness } from '../sessions/liveness.ts';
import type { Grant } from './stream-authority.ts';

export interface MailboxParts {
  readonly store: Store;
  readonly hub: Hub;
  readonly liveness: Liveness;
  readonly logger: Logger;
}

/** A message on its way to the process that holds the stream. */
export interface Letter {
  readonly grant: Grant;
  readonly message: JSONRPCMessage;
}

/** Whose stream it is, and where. */
interface Holder {
  readonly subject: string;
  readonly clientId: string;
  /** The id of the permit that the stream is opened under: it stays, so a message under another is not for it. */
  readonly permit: string;
  readonly process: string;
}

const HINT = 'sse';
const ID = /^[A-Za-z0-9_-]{43}$/;
/** Letters that may wait to be read; a stream that keeps up has none. */
const MAX_WAITING = 32;
const HOLDER_SECONDS = 3600;
const RENEW_MS = 1_200_000;
const COUNT_SECONDS = 86_400;
const LETTER_SECONDS = 60;
// Hints come sooner; this is for those that got lost.
const LOOK_EVERY_MS = 5000;

/**
 * Brings messages to open streams, from whichever process they are posted to: in order, each once. The store
 * holds `mcp:sse:<digest>` for whose the stream is, `mcp:sse-letters:<digest>` for the messages and
 * `mcp:sse-count:<digest>` for how many of them wait.
 */
export class Mailboxes {
  readonly #parts: MailboxParts;

  constructor(parts: MailboxParts) {
    this.#parts = parts;
  }

  /** Resolves once letters can come. */
  async open(owner: Principal): Promise<Mailbox> {
    const mailbox = new Mailbox(this.#parts);
    await mailbox.open(owner);
    return mailbox;
  }

  /**
   * Sends a message to the stream of this id. Resolves when it is sure to arrive, as long as the stream is
   * open. A stream that is not the principal's own is as unknown as one that never was.
   *
   * @throws AppError `NOT_FOUND`; `BUSY` when too many messages wait already
   */
  async post(id: string, principal: Principal, message: JSONRPCMessage): Promise<void> {
    const { store, hub } = this.#parts;
    const key = digestOf(id);
    const { scopes, authority, expiresAt } = principal;
    const grant: Grant = { scopes: scopes.granted, authority, expiresAt };
    const text = JSON.stringify({ grant, message } satisfies Letter);
    await this.#requireOwn(id, principal);
    const { value: waiting } = await store.increment(countKey(key), 1, COUNT_SECONDS);
    try {
      if (waiting > MAX_WAITING) throw busy();
      // A reading process takes some off the count late, so there is room for as many again.
      await store.append(lettersKey(key), text, { lifetime: LETTER_SECONDS, maxLength: 2 * MAX_WAITING });
    } catch (error) {
      await store.increment(countKey(key), -1, COUNT_SECONDS).catch(() => undefined);
      throw error;
    }
    hub.send({ kind: HINT, key });
  }

  /** @throws AppError `NOT_FOUND` for a stream that is closed, lost with its process, somebody else's or unknown */
  async #requireOwn(id: string, principal: Principal): Promise<void> {
    const { store, liveness } = this.#parts;
    const stored = ID.test(id) ? await store.get(holderKey(digestOf(id))) : undefined;
    if (stored !== undefined) {
      const holder = JSON.parse(stored) as Holder;
      if (isOwn(holder, principal) && (await liveness.isAlive(holder.process))) return;
    }
    throw new AppError('NOT_FOUND', 'There is no such stream.', { next: 'open a new one with GET /sse' });
  }
}

/** The receiving end of one stream. */
export class Mailbox {
  /** Tells nobody whose it is; without a token of its owner it is good for nothing. */
  readonly id = randomBytes(32).toString('base64url');
  readonly #parts: MailboxParts;
  readonly #key = digestOf(this.id);
  readonly #releases: (() => void)[] = [];
  #deliver: (letter: Letter) => void = () => undefined;
  #last: string | undefined;
  /** Letters that were read and still count as waiting. */
  #taken = 0;
  #isReading = false;
  #hasHint = false;
  #isClosed = false;

  constructor(parts: MailboxParts) {
    this.#parts = parts;
  }

  /** Who gets the letters; to be called before anybody can know the id. The listener must not throw. */
  deliverTo(listener: (letter: Letter) => void): void {
    this.#deliver = listener;
  }

  async open({ subject, clientId, permit }: Principal): Promise<void> {
    const { store, hub, liveness, logger } = this.#parts;
    const holder: Holder = { subject, clientId, permit: permit.id, process: hub.self };
    const show = (): Promise<void> => store.put(holderKey(this.#key), JSON.stringify(holder), HOLDER_SECONDS);
    const renewal = setInterval(() => {
      show().catch((error: unknown) => {
        logger.warn({ err: error }, 'a stream may get no more messages');
      });
    }, RENEW_MS).unref();
    const looking = setInterval(() => {
      this.#read();
    }, LOOK_EVERY_MS).unref();
    this.#releases.push(
      hub.on(HINT, this.#key, () => {
        this.#read();
      }),
      () => {
        clearInterval(renewal);
        clearInterval(looking);
      },
    );
    try {
      this.#releases.push(await liveness.hold());
      await hub.ready();
      await show();
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** From now on the stream is unknown, in every process. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const release of this.#releases.splice(0)) release();
    try {
      await this.#parts.store.take(holderKey(this.#key));
    } catch (error) {
      this.#parts.logger.debug({ err: error }, 'a closed stream is remembered for a while');
    }
  }

  /** One reader at a time keeps the order. */
  #read(): void {
    if (this.#isClosed) return;
    this.#hasHint = true;
    if (this.#isReading) return;
    this.#isReading = true;
    this.#readAll()
      .catch((error: unknown) => {
        this.#parts.logger.warn({ err: error }, 'messages to a stream wait');
      })
      .finally(() => {
        this.#isReading = false;
        // Came while nobody looked any more.
        if (this.#hasHint) this.#read();
      });
  }

  async #readAll(): Promise<void> {
    const { store } = this.#parts;
    while (this.#hasHint && !this.#isClosed) {
      this.#hasHint = false;
      const events = await store.readAfter(lettersKey(this.#key), this.#last, MAX_WAITING);
      for (const { id, value } of events) {
        this.#last = id;
        this.#taken++;
        this.#hasHint = true;
        this.#deliver(JSON.parse(value) as Letter);
      }
      if (this.#taken === 0) continue;
      await store.increment(countKey(this.#key), -this.#taken, COUNT_SECONDS);
      this.#taken = 0;
    }
  }
}

function isOwn({ subject, clientId, permit }: Holder, principal: Principal): boolean {
  return subject === principal.subject && clientId === principal.clientId && permit === principal.permit.id;
}

/** The store learns no id that could be used, and no key that strangers made long. */
function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}

function holderKey(digest: string): string {
  return `mcp:sse:${digest}`;
}

function lettersKey(digest: string): string {
  return `mcp:sse-letters:${digest}`;
}

function countKey(digest: string): string {
  return `mcp:sse-count:${digest}`;
}

function busy(): AppError {
  return new AppError('BUSY', `There are ${MAX_WAITING} messages on their way to this stream already.`, {
    next: 'send the same message again later',
    retryAfter: 1,
  });
}
