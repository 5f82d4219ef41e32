import { createHash } from 'node:crypto';
import type { ClientRequest } from '../core/asker.ts';

export type Questions = Readonly<Record<string, ClientRequest>>;
export type Answers = Readonly<Record<string, unknown>>;

/** What the client has said under a key. */
export interface GivenAnswer {
  /** The digest of the question; none where it was said before anything was asked. */
  readonly to?: string;
  readonly value: unknown;
}

/** What a client has answered in the rounds of one call: each answer counts for exactly the question it was given to. */
export class Answered {
  readonly #given: ReadonlyMap<string, GivenAnswer>;
  readonly #claim: () => Promise<boolean>;
  readonly #used = new Map<string, GivenAnswer>();
  #claimed: Promise<boolean> | undefined;

  /** `claim` is called before the first answer is used, and says whether they may be. */
  constructor(given: Iterable<[string, GivenAnswer]> = [], claim = () => Promise.resolve(true)) {
    this.#given = new Map(given);
    this.#claim = claim;
  }

  /** Answers to those of the questions that have one. */
  async to(questions: Questions): Promise<Answers> {
    const fitting = Object.entries(questions).flatMap(([key, question]): [string, GivenAnswer][] => {
      const given = this.#given.get(key);
      return given !== undefined && isTo(question, given) ? [[key, given]] : [];
    });
    if (fitting.length === 0) return {};
    for (const [key, given] of fitting) this.#used.set(key, given);
    this.#claimed ??= this.#claim();
    return (await this.#claimed) ? Object.fromEntries(fitting.map(([key, { value }]) => [key, value])) : {};
  }

  /** What the next round has to know: the answers that the call has gone by. */
  async carried(): Promise<Readonly<Record<string, GivenAnswer>>> {
    return (await this.#claimed) === true ? Object.fromEntries(this.#used) : {};
  }
}

/** Tells whether a question is the one that was asked. */
export function questionDigest({ method, params }: ClientRequest): string {
  // Its id is new each time that it is asked.
  const words = Object.entries(params).filter(([name]) => name !== 'elicitationId');
  return digestOf([method, Object.fromEntries(words)]);
}

/** Of a JSON value; members count by their names, as a client may send them in another order the next time. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, inOrder)).digest('base64url');
}

function isTo(question: ClientRequest, { to }: GivenAnswer): boolean {
  return to === undefined || to === questionDigest(question);
}

/** For `JSON.stringify`. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
