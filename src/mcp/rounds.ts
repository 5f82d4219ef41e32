import type { Asker, ClientRequest } from '../core/asker.ts';
import type { JsonObject } from '../core/json.ts';
import { canAnswer } from './capabilities.ts';

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

/** The questions of a call in revision 2026-07-28, round by round (basic/patterns/mrtr). */
export class Rounds implements Asker {
  readonly #capabilities: JsonObject;
  readonly #answers: Answers;

  constructor(capabilities: JsonObject, answers: Answers) {
    this.#capabilities = capabilities;
    this.#answers = answers;
  }

  canAsk(method: ClientRequest['method'], mode?: 'form' | 'url'): boolean {
    return canAnswer(this.#capabilities, method, mode);
  }

  ask(requests: Readonly<Record<string, ClientRequest>>): Promise<Answers> {
    const keys = Object.keys(requests);
    const open = Object.entries(requests).filter(([key]) => !Object.hasOwn(this.#answers, key));
    return open.length === 0
      ? Promise.resolve(Object.fromEntries(keys.map((key) => [key, this.#answers[key]])))
      : Promise.reject(new InputNeeded(Object.fromEntries(open), this.#answers));
  }
}
