import { OWN_ACTIONS, type Step } from './step.ts';

interface StepKind {
  /** What happened, for people. */
  readonly words: string;
  /** What happened instead when it was refused. */
  readonly refused?: string;
  /** The client itself is known by it: nobody else can make it up. */
  readonly certain?: true;
  /** Seconds until the same is worth another entry. Default {@link AGAIN}. */
  readonly again?: number;
  /** What it means when nothing comes after it. Absent where a connection may rest. */
  readonly stalled?: { readonly meaning: string; readonly next: string };
}

const AGAIN = 5;
const HOUR = 3600;

/** The steps of a connection, by action. Others are shown by their name. */
export const STEPS: Readonly<Record<string, StepKind>> = {
  [OWN_ACTIONS.unauthenticated]: {
    words: 'asked without a token, and was told where to sign in',
    stalled: {
      meaning: 'The client was told where to sign in and did not look there.',
      next: 'see whether the client can sign in at remote servers at all, and whether a proxy removes WWW-Authenticate',
    },
  },
  [OWN_ACTIONS.resourceMetadata]: {
    words: 'fetched the metadata of the resource',
    refused: 'looked for the metadata of the resource where it is not',
    stalled: {
      meaning:
        'The client read which authorization server to use, and did not ask that one for its metadata.',
      next: 'compare the MCP URL in the client with "resource" in the metadata: they have to be the same; see that the client reaches the authorization server',
    },
  },
  [OWN_ACTIONS.serverMetadata]: {
    words: 'fetched the metadata of the authorization server',
    refused: 'looked for the metadata of the authorization server where it is not',
    stalled: {
      meaning: 'The client read the metadata and neither registered nor began to sign in.',
      next: 'see whether the client needs an id that was given to it beforehand, and whether registration is open',
    },
  },
  'client.registered': {
    words: 'registered',
    stalled: {
      meaning: 'The client registered and did not begin to sign in.',
      next: 'see whether the client could open a browser',
    },
  },
  'client-document.accepted': { words: 'is known by its metadata document', again: HOUR },
  'registration.refused': { words: 'registered', refused: 'was not registered' },
  [OWN_ACTIONS.begun]: {
    words: 'sent the person to sign in',
    stalled: {
      meaning: 'The person was shown the sign-in or consent page and did not finish.',
      next: 'let the person start again from the client, and finish in the browser',
    },
  },
  'authorization.refused': { words: 'asked for authorization', refused: 'was refused authorization' },
  'login.succeeded': {
    words: 'the person signed in',
    stalled: {
      meaning: 'The person signed in and did not answer the question for consent.',
      next: 'let the person start again from the client',
    },
  },
  'login.failed': { words: 'the person signed in', refused: 'the person could not sign in' },
  'device.begun': {
    words: 'asked for a code to show on a device',
    stalled: {
      meaning: 'Nobody entered the code of the device.',
      next: 'let the person open the address that the device shows, and enter the code in time',
    },
  },
  'device.refused': { words: 'asked for a device', refused: 'was refused as a device' },
  'device.denied': { words: 'the person stopped the device', refused: 'the person stopped the device' },
  'assertion.accepted': { words: 'brought an assertion of the identity provider', certain: true },
  'account.cut_off': {
    words: 'the identity provider no longer lets the person in',
    refused: 'the identity provider no longer lets the person in',
  },
  'consent.given': {
    words: 'the person allowed it',
    certain: true,
    stalled: {
      meaning: 'The person allowed it, and the client did not come back with the code.',
      next: 'see that the client still runs and listens at its redirect URI, on the machine of the browser',
    },
  },
  'consent.denied': { words: 'the person denied it', refused: 'the person denied it', certain: true },
  'token.issued': {
    words: 'was given an access token',
    certain: true,
    again: HOUR,
    stalled: {
      meaning: 'The client was given a token and did not use it.',
      next: 'see whether the client sends its requests to the MCP URL, and the Authorization header gets through the proxy',
    },
  },
  'grant.refused': { words: 'asked for a token', refused: 'was refused a token' },
  [OWN_ACTIONS.firstRequest]: { words: 'made its first request of the hour', certain: true, again: HOUR },
  [OWN_ACTIONS.scopesMissing]: {
    words: 'was told that a call needs more scopes',
    refused: 'was told that a call needs more scopes',
    certain: true,
  },
  [OWN_ACTIONS.refused]: { words: 'made a request', refused: 'was refused a request' },
  'grant.revoked': { words: 'lost its grant', certain: true },
  'token.revoked': { words: 'gave its token back', certain: true },
  'introspection.refused': { words: 'asked about a token', refused: 'was refused to ask about a token' },
  'revocation.refused': { words: 'revoked a token', refused: 'was refused to revoke a token' },
  'client.removed': { words: 'was removed by an owner', certain: true },
};

/** What happened, in words that follow the client's name. */
export function wordsOf({ action, outcome }: Pick<Step, 'action' | 'outcome'>): string {
  const kind = STEPS[action];
  if (kind === undefined) return outcome === 'success' ? action : `${action} (${outcome})`;
  return outcome === 'success' ? kind.words : (kind.refused ?? kind.words);
}

/** The same as a sentence, without its full stop. */
export function sentenceOf(step: Pick<Step, 'action' | 'outcome' | 'clientId' | 'address'>): string {
  const words = wordsOf(step);
  if (words.startsWith('the ')) return `T${words.slice(1)}`;
  // Who has not told its name need not be the client that is asked about.
  return step.clientId === undefined
    ? `Something at ${step.address ?? 'its address'} ${words}`
    : `It ${words}`;
}

/** Whether the step says for certain which client it was: its token, or a person who was asked about it. */
export function isCertain({ action, clientId }: Pick<Step, 'action' | 'clientId'>): boolean {
  return clientId !== undefined && STEPS[action]?.certain === true;
}

/** Seconds until the same step is written again. */
export function againAfter({ action, detail = '' }: Pick<Step, 'action' | 'detail'>): number {
  // A code is redeemed once; what goes on every few minutes are the refreshes.
  if (action === 'token.issued' && detail.startsWith('authorization_code')) return AGAIN;
  return STEPS[action]?.again ?? AGAIN;
}
