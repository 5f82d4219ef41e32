import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Asker, ClientRequest } from '../../core/asker.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Store } from '../../core/store.ts';
import { canAnswer, requireAnswerable } from '../capabilities.ts';
import type { Hub } from '../hub.ts';
import type { CallAnswer } from './call-answer.ts';

export interface AskerParts {
  readonly store: Store;
  readonly hub: Hub;
  /** Milliseconds that a person may think. */
  readonly askTimeoutMs: number;
}

const clientResponse = z.union([
  z.object({ id: z.string(), result: z.record(z.string(), z.unknown()) }),
  z.object({ id: z.string(), error: z.object({ code: z.number(), message: z.string() }) }),
]);

type ClientResponse = z.output<typeof clientResponse>;

const ID = /^ask-[A-Za-z0-9_-]{16}$/;
const LOOK_EVERY_MS = 1000;
const MAX_MESSAGE_LENGTH = 300;
/** In the place of an answer, while the question is open: what was never asked leaves nothing in the store. */
const OPEN = '';

/**
 * Asks a client of the 2025 revisions on the stream of the call that asks. The client may post its answer to
 * any process: it reaches the waiting one by the hub, or through the store.
 */
export class SessionAsker implements Asker {
  readonly #parts: AskerParts;
  readonly #answer: CallAnswer;

  constructor(parts: AskerParts, answer: CallAnswer) {
    this.#parts = parts;
    this.#answer = answer;
  }

  canAsk(method: ClientRequest['method'], mode?: 'form' | 'url'): boolean {
    return canAnswer(this.#answer.session.capabilities, method, mode);
  }

  async ask(requests: Readonly<Record<string, ClientRequest>>): Promise<Readonly<Record<string, unknown>>> {
    requireAnswerable(this.#answer.session.capabilities, requests);
    const answers = Object.entries(requests).map(async ([key, request]): Promise<[string, unknown]> => [
      key,
      await this.#ask(request),
    ]);
    return Object.fromEntries(await Promise.all(answers));
  }

  async #ask({ method, params }: ClientRequest): Promise<unknown> {
    const id = `ask-${randomBytes(12).toString('base64url')}`;
    const response = await this.#whileOpen(id, () =>
      this.#response(id, { jsonrpc: '2.0', id, method, params }),
    );
    if ('result' in response) return response.result;
    const reason = response.error.message.slice(0, MAX_MESSAGE_LENGTH);
    throw new AppError('CLIENT_CANNOT_ANSWER', `The client refused ${method}: ${reason}`);
  }

  async #whileOpen<T>(id: string, work: () => Promise<T>): Promise<T> {
    const { store, askTimeoutMs } = this.#parts;
    const key = answerKey(this.#answer.session.id, id);
    // Where that fails, the answer still counts that is posted to this process.
    await store.put(key, OPEN, lifetimeOf(askTimeoutMs)).catch(() => undefined);
    try {
      return await work();
    } finally {
      store.take(key).catch(() => undefined);
    }
  }

  #response(id: string, request: JsonObject): Promise<ClientResponse> {
    const { store, hub, askTimeoutMs } = this.#parts;
    const { signal, session } = this.#answer;
    const key = answerKey(session.id, id);
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        clearTimeout(timeout);
        clearInterval(looking);
        release();
        signal.removeEventListener('abort', onAbort);
        outcome();
      };
      const give = (response: ClientResponse): void => {
        settle(() => {
          resolve(response);
        });
      };
      const fail = (error: AppError): void => {
        settle(() => {
          reject(error);
        });
        this.#answer.tell(cancelled(id));
      };
      const onAbort = (): void => {
        fail(new AppError('CANCELLED', 'The call was cancelled while it waited for an answer.'));
      };
      const look = async (): Promise<void> => {
        const stored = await store.get(key).catch(() => undefined);
        if (stored !== undefined && stored !== OPEN) give(JSON.parse(stored) as ClientResponse);
      };
      const timeout = setTimeout(() => {
        fail(new AppError('TIMEOUT', 'The client has not answered in time.'));
      }, askTimeoutMs);
      const looking = setInterval(() => void look(), LOOK_EVERY_MS);
      const release = hub.on('answer', key, (data) => {
        // Without the answer itself it is a hint that the store has it.
        if (data['response'] === undefined) void look();
        else give(data['response'] as ClientResponse);
      });
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      else this.#answer.tell(request);
    });
  }
}

/**
 * Hands a client's response to whoever waits for it. One that answers nothing is dropped: that is all a
 * receiver can do with it.
 */
export async function acceptResponse(
  message: unknown,
  session: { readonly id: string },
  { store, hub, askTimeoutMs }: AskerParts,
): Promise<void> {
  const parsed = clientResponse.safeParse(message);
  if (!parsed.success || !ID.test(parsed.data.id)) return;
  const key = answerKey(session.id, parsed.data.id);
  if (hub.deliver({ kind: 'answer', key, data: { response: parsed.data } })) return;
  const isOpen = await store.swap(key, OPEN, JSON.stringify(parsed.data), lifetimeOf(askTimeoutMs));
  if (isOpen) hub.send({ kind: 'answer', key });
}

function lifetimeOf(askTimeoutMs: number): number {
  return Math.ceil(askTimeoutMs / 1000);
}

function cancelled(requestId: string): JsonObject {
  return { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } };
}

function answerKey(session: string, id: string): string {
  return `mcp:answer:${session}:${id}`;
}
