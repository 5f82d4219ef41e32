import type { Asker, ClientRequest } from '../core/asker.ts';
import type { JsonObject } from '../core/json.ts';
import type { Answered, Answers, Questions } from './answered.ts';
import { canAnswer } from './capabilities.ts';

/** Unwinds a call that cannot go on before its questions are answered. No failure: it is run again with the answers. */
export class InputNeeded extends Error {
  override readonly name = 'InputNeeded';
  readonly requests: Questions;

  constructor(requests: Questions) {
    super('The client has to answer first');
    this.requests = requests;
  }
}

/** The questions of a call in revision 2026-07-28, round by round (basic/patterns/mrtr). */
export class Rounds implements Asker {
  readonly #capabilities: JsonObject;
  readonly #answered: Answered;

  constructor(capabilities: JsonObject, answered: Answered) {
    this.#capabilities = capabilities;
    this.#answered = answered;
  }

  canAsk(method: ClientRequest['method'], mode?: 'form' | 'url'): boolean {
    return canAnswer(this.#capabilities, method, mode);
  }

  async ask(requests: Questions): Promise<Answers> {
    const answers = await this.#answered.to(requests);
    const open = Object.entries(requests).filter(([key]) => !Object.hasOwn(answers, key));
    if (open.length > 0) throw new InputNeeded(Object.fromEntries(open));
    return answers;
  }
}
