import * as z from 'zod';

/** JSON of a step as it lies in the store. */
export const storedStep = z.object({
  /** Milliseconds since the epoch. */
  at: z.number(),
  /** Which it is among the steps of the same millisecond in one process. Absent: the first. */
  turn: z.number().optional(),
  /** What happened: the action of an audit event, or one of {@link OWN_ACTIONS}. */
  action: z.string(),
  outcome: z.enum(['success', 'failure', 'denied']),
  /** Why it was refused: a key of `REASONS`. */
  reason: z.string().optional(),
  /** What else is known of it, for people. */
  detail: z.string().optional(),
  clientId: z.string().optional(),
  /** What the client calls itself. */
  name: z.string().optional(),
  subject: z.string().optional(),
  address: z.string().optional(),
  /** The `User-Agent` of the request. */
  agent: z.string().optional(),
  /** How often it happened since it was last written. Absent: once. */
  times: z.number().optional(),
  /** How many steps before it were left out, because there were too many at the time. */
  leftOut: z.number().optional(),
});

/** One thing that a client did, or that was refused to it. */
export type Step = Readonly<z.output<typeof storedStep>>;

/** Compares for sorting, the oldest first: those of one process in the order in which they happened. */
export function inOrder(a: Step, b: Step): number {
  return a.at - b.at || (a.turn ?? 0) - (b.turn ?? 0);
}

/** Steps that are no audit events, because they happen all the time or mean nothing by themselves. */
export const OWN_ACTIONS = {
  resourceMetadata: 'resource-metadata.fetched',
  serverMetadata: 'server-metadata.fetched',
  unauthenticated: 'request.unauthenticated',
  refused: 'request.refused',
  scopesMissing: 'scopes.challenged',
  firstRequest: 'request.first',
  begun: 'authorization.begun',
} as const;
