import type { Asker, ClientRequest } from '../../core/asker.ts';
import { AppError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Answered, Answers, Questions } from '../answered.ts';
import { canAnswer, requireAnswerable } from '../capabilities.ts';

interface OpenQuestion {
  readonly request: ClientRequest;
  readonly answer: Promise<unknown>;
  settle(outcome: { readonly value: unknown } | { readonly error: AppError }): void;
}

export interface TaskAsking {
  /** What the client declared when it started the task. */
  readonly capabilities: JsonObject;
  /** What it has answered before the task began. */
  readonly answered: Answered;
  /** Milliseconds that a person may think. */
  readonly timeoutMs: number;
}

/**
 * The questions of a running task, which clients find when they poll. A key stands for one question all along
 * (SEP-2663, "Task Update Requests"): asked again, it brings the answer that has been given.
 */
export class TaskQuestions implements Asker {
  readonly #asking: TaskAsking;
  readonly #onChange: () => void;
  readonly #answers = new Map<string, unknown>();
  readonly #open = new Map<string, OpenQuestion>();
  #end: AppError | undefined;

  /** `onChange` is called when other questions are open than before. */
  constructor(asking: TaskAsking, onChange: () => void) {
    this.#asking = asking;
    this.#onChange = onChange;
  }

  get open(): Questions {
    return Object.fromEntries([...this.#open].map(([key, { request }]) => [key, request]));
  }

  canAsk(method: ClientRequest['method'], mode?: 'form' | 'url'): boolean {
    return canAnswer(this.#asking.capabilities, method, mode);
  }

  async ask(requests: Questions): Promise<Answers> {
    requireAnswerable(this.#asking.capabilities, requests);
    this.#know(await this.#asking.answered.to(requests));
    if (this.#end !== undefined) throw this.#end;
    const before = this.#open.size;
    const answers = Object.entries(requests).map(async ([key, request]): Promise<[string, unknown]> => [
      key,
      await this.#answerTo(key, request),
    ]);
    if (this.#open.size > before) this.#onChange();
    return Object.fromEntries(await Promise.all(answers));
  }

  /** What answers nothing that is asked now is ignored, as the extension wants it. */
  accept(answers: Answers): void {
    let isChange = false;
    for (const [key, value] of Object.entries(answers)) {
      const question = this.#open.get(key);
      if (question === undefined) continue;
      isChange = true;
      this.#answers.set(key, value);
      question.settle({ value });
    }
    if (isChange) this.#onChange();
  }

  /** Nothing is asked any more. */
  end(reason: AppError): void {
    this.#end = reason;
    for (const question of [...this.#open.values()]) question.settle({ error: reason });
  }

  #know(earlier: Answers): void {
    for (const [key, value] of Object.entries(earlier)) {
      if (!this.#answers.has(key)) this.#answers.set(key, value);
    }
  }

  #answerTo(key: string, request: ClientRequest): Promise<unknown> {
    if (this.#answers.has(key)) return Promise.resolve(this.#answers.get(key));
    return (this.#open.get(key) ?? this.#pose(key, request)).answer;
  }

  #pose(key: string, request: ClientRequest): OpenQuestion {
    let settle: OpenQuestion['settle'] = () => undefined;
    const timer = setTimeout(() => {
      settle({ error: new AppError('TIMEOUT', 'The client has not answered in time.') });
      this.#onChange();
    }, this.#asking.timeoutMs);
    const answer = new Promise<unknown>((resolve, reject) => {
      settle = (outcome) => {
        clearTimeout(timer);
        this.#open.delete(key);
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.value);
      };
    });
    const question = { request, answer, settle };
    this.#open.set(key, question);
    return question;
  }
}
