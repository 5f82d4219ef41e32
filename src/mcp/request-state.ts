import { randomUUID } from 'node:crypto';
import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Sealer } from '../core/sealer.ts';
import type { Store } from '../core/store.ts';
import {
  Answered,
  type Answers,
  digestOf,
  type GivenAnswer,
  questionDigest,
  type Questions,
} from './answered.ts';

/** What a request brings of earlier rounds. */
export interface Brought {
  readonly state: string | undefined;
  readonly responses: Answers | undefined;
}

/** The call that a state belongs to. */
export interface StateBinding {
  readonly subject: string;
  readonly clientId: string;
  readonly method: string;
  /** Name of the tool or prompt. */
  readonly target: string;
  readonly arguments: unknown;
}

/** What an answer needs to count. */
export type Counting =
  /** For what changes nothing: it may come before anything was asked, and as often as the client likes. */
  | 'freely'
  /** It was given to a question that this deployment has asked, and is used for the first time. */
  | 'once';

export interface RequestStates {
  /** What the client is to bring back with its answers to the questions; it holds those of earlier rounds. */
  mint(questions: Questions, answered: Answered, binding: StateBinding): Promise<string>;
  /**
   * What was answered for this very call. Answers to what was not asked are ignored, and so are those that an
   * earlier round has brought already.
   *
   * @throws ProtocolError −32602 for state that was not minted for this very call, or is older than ten minutes
   */
  read(brought: Brought, binding: StateBinding, counting: Counting): Promise<Answered>;
}

const PURPOSE = 'request-state';
const LIFETIME = 600;

interface Sealed {
  readonly id: string;
  readonly for: string;
  /** The digests of the questions that it was sent with. */
  readonly asked: Readonly<Record<string, string>>;
  readonly answers: Readonly<Record<string, GivenAnswer>>;
}

/**
 * Seals the state, so that only what this deployment has given out comes back: to the same principal, for the
 * same call and the same questions, within ten minutes (MCP 2026-07-28, basic/patterns/mrtr, server requirements).
 */
export function openRequestState(sealer: Sealer, store: Pick<Store, 'swap'>): RequestStates {
  return {
    mint: async (questions, answered, binding) => {
      const asked = Object.entries(questions).map(([key, question]) => [key, questionDigest(question)]);
      const sealed: Sealed = {
        id: randomUUID(),
        for: callDigest(binding),
        asked: Object.fromEntries(asked) as Sealed['asked'],
        answers: await answered.carried(),
      };
      return sealer.seal(PURPOSE, { ...sealed }, LIFETIME);
    },
    read: async ({ state, responses = {} }, binding, counting) => {
      const isOnce = counting === 'once';
      if (state === undefined) return new Answered(isOnce ? [] : unasked(responses));
      // Only `mint` seals for this purpose.
      const sealed = (await sealer.open(PURPOSE, state)) as Sealed | undefined;
      if (sealed?.for !== callDigest(binding)) throw refusal();
      // A record of the use only: a client that does not come back leaves nothing.
      const claim = () => store.swap(`mcp:used-state:${sealed.id}`, undefined, '1', 2 * LIFETIME);
      return new Answered(given(sealed, responses), isOnce ? claim : undefined);
    },
  };
}

function callDigest({ subject, clientId, method, target, arguments: values }: StateBinding): string {
  return digestOf([subject, clientId, method, target, values ?? {}]);
}

function unasked(responses: Answers): [string, GivenAnswer][] {
  return Object.entries(responses).map(([key, value]) => [key, { value }]);
}

function given({ asked, answers }: Sealed, responses: Answers): Map<string, GivenAnswer> {
  const all = new Map(Object.entries(answers));
  for (const [key, to] of Object.entries(asked)) {
    if (!all.has(key) && Object.hasOwn(responses, key)) all.set(key, { to, value: responses[key] });
  }
  return all;
}

/** As the SDK words it: the client is not told what is wrong with the state. */
function refusal(): ProtocolError {
  return new ProtocolError(ProtocolErrorCode.InvalidParams, 'Invalid or expired requestState', {
    reason: 'invalid_request_state',
  });
}
