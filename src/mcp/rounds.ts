import type { Asker, ClientRequest } from '../core/asker.ts';
import { AppError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';

export type Answers = Readonly<Record<string, unknown>>;

/** Unwinds a call that cannot go on before its questions are answered. No failure: it is run again with the answers. */
export class InputNeeded extends Error {
  override readonly name = 'InputNeeded';
  readonly requests: Readonly<Record<string, ClientRequest>>;
  /** What earlier rounds have brought. */
  readonly answers: Answers;

  constructor(requests: Readonly<Record<string, ClientRequest>>, answers: Answers) {
    super('The client has to answer first');
    this.requests = requests;
    this.answers = answers;
  }
}

// The capability that a client declares for each method (MCP 2026-07-28, basic/lifecycle).
const CAPABILITY: Record<ClientRequest['method'], string> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

/** The questions of a call in revision 2026-07-28, round by round (basic/patterns/mrtr). */
export class Rounds implements Asker {
  readonly #capabilities: JsonObject;
  readonly #answers: Answers;

  constructor(capabilities: JsonObject, answers: Answers) {
    this.#capabilities = capabilities;
    this.#answers = answers;
  }

  canAsk(method: ClientRequest['method']): boolean {
    return Object.hasOwn(this.#capabilities, CAPABILITY[method]);
  }

  ask(requests: Readonly<Record<string, ClientRequest>>): Promise<Answers> {
    const keys = Object.keys(requests);
    const open = Object.entries(requests).filter(([key]) => !Object.hasOwn(this.#answers, key));
    return open.length === 0
      ? Promise.resolve(Object.fromEntries(keys.map((key) => [key, this.#answers[key]])))
      : Promise.reject(new InputNeeded(Object.fromEntries(open), this.#answers));
  }
}

/** For exchanges on which no question can reach the client. */
export const noAsker: Asker = {
  canAsk: () => false,
  ask: () =>
    Promise.reject(
      new AppError(
        'CLIENT_CANNOT_ANSWER',
        'This call has to ask back, which this connection does not allow.',
        {
          next: 'connect with a client of protocol revision 2026-07-28 that declares the capability',
        },
      ),
    ),
};
