import { type Reason, reasonWith } from './reasons.ts';
import { OWN_ACTIONS, type Step } from './step.ts';
import { sentenceOf, STEPS } from './steps.ts';

/** Where a connection got stuck, and what to do about it. */
export interface Diagnosis extends Reason {
  readonly step: Step;
  /** What happened, as a sentence without its full stop. */
  readonly sentence: string;
  /** Nothing came after the step, although something should have. Otherwise the step itself was refused. */
  readonly stalled: boolean;
}

/** How long a person may take over a page, in milliseconds. */
const PATIENCE_MS = 120_000;
const HOUR_MS = 3_600_000;

/** Steps that show that all went well up to there. */
const ARRIVED: ReadonlySet<string> = new Set([OWN_ACTIONS.firstRequest, 'token.issued']);
/** A client is told these in the course of a good connection, and goes on from there. */
const CHALLENGES: ReadonlySet<string> = new Set([OWN_ACTIONS.unauthenticated, OWN_ACTIONS.scopesMissing]);
const EXPECTED_REASONS: ReadonlySet<string> = new Set(['token_expired']);

/** Whether a step was refused, other than in the course of a good connection. */
export function isFailure({ action, outcome, reason }: Step): boolean {
  return outcome !== 'success' && !CHALLENGES.has(action) && !EXPECTED_REASONS.has(reason ?? '');
}

/**
 * Where the connection that these steps tell of got stuck: at the last refusal with no success after it, or
 * at a last step that others should have followed. Undefined when all is well, or still under way.
 *
 * @param steps Oldest first.
 */
export function diagnose(steps: readonly Step[], now: number): Diagnosis | undefined {
  const arrived = steps.findLastIndex(({ action, outcome }) => outcome === 'success' && ARRIVED.has(action));
  const failed = steps.findLastIndex(isFailure);
  const refused = failed > arrived ? steps[failed] : undefined;
  if (refused !== undefined) {
    return {
      ...reasonWith(refused.reason ?? 'other'),
      step: refused,
      sentence: sentenceOf(refused),
      stalled: false,
    };
  }
  return stalledAt(steps, now);
}

function stalledAt(steps: readonly Step[], now: number): Diagnosis | undefined {
  const last = steps.at(-1);
  if (last === undefined || now - last.at < PATIENCE_MS) return undefined;
  const stalled = STEPS[last.action]?.stalled;
  if (stalled === undefined || (ARRIVED.has(last.action) && isInUse(steps, last))) return undefined;
  return { ...stalled, step: last, sentence: sentenceOf(last), stalled: true };
}

/** A process writes the first request of an hour alone. */
function isInUse(steps: readonly Step[], { at, detail = '' }: Step): boolean {
  if (!detail.startsWith('authorization_code')) return true;
  return steps.some(({ action, at: seen }) => action === OWN_ACTIONS.firstRequest && seen > at - HOUR_MS);
}
