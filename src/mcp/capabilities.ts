import type { ClientRequest } from '../core/asker.ts';
import { AppError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';

// The capability that a client declares for each method (MCP 2026-07-28, basic/versioning).
const CAPABILITY: Record<ClientRequest['method'], string> = {
  'elicitation/create': 'elicitation',
  'sampling/createMessage': 'sampling',
  'roots/list': 'roots',
};

// By their dates, which sort.
const ELICITATION_SINCE = '2025-06-18';
const ELICITATION_BY_URL_SINCE = '2025-11-25';

/**
 * What of a client's declaration counts in the negotiated revision: only what that revision has can have been
 * negotiated, whatever else the client declares (2025-11-25, basic/lifecycle, "Operation").
 */
export function capabilitiesIn(revision: string, { elicitation, ...others }: JsonObject): JsonObject {
  if (elicitation === undefined || revision < ELICITATION_SINCE) return others;
  return { ...others, elicitation: revision < ELICITATION_BY_URL_SINCE ? {} : elicitation };
}

/** Whether a client with these capabilities answers the method; `mode` is that of an elicitation. */
export function canAnswer(
  capabilities: JsonObject,
  method: ClientRequest['method'],
  mode: 'form' | 'url' = 'form',
): boolean {
  const declared = Object.hasOwn(capabilities, CAPABILITY[method])
    ? capabilities[CAPABILITY[method]]
    : undefined;
  if (typeof declared !== 'object' || declared === null) return false;
  if (method !== 'elicitation/create') return true;
  // An empty object means forms only (client/elicitation, "Capabilities").
  return mode === 'form' && !Object.hasOwn(declared, 'url') ? true : Object.hasOwn(declared, mode);
}

/** The capabilities that the requests need and the client has not declared; undefined where there are none. */
export function missingIn(
  capabilities: JsonObject,
  requests: Readonly<Record<string, ClientRequest>>,
): Readonly<Record<string, object>> | undefined {
  const missing: Record<string, object> = {};
  for (const { method, params } of Object.values(requests)) {
    const mode = params['mode'] === 'url' ? 'url' : 'form';
    if (canAnswer(capabilities, method, mode)) continue;
    const name = CAPABILITY[method];
    missing[name] = method === 'elicitation/create' && mode === 'url' ? { ...missing[name], url: {} } : {};
  }
  return Object.keys(missing).length === 0 ? undefined : missing;
}

/** @throws AppError `CLIENT_CANNOT_ANSWER` that names what is missing */
export function requireAnswerable(
  capabilities: JsonObject,
  requests: Readonly<Record<string, ClientRequest>>,
): void {
  for (const { method, params } of Object.values(requests)) {
    const mode = params['mode'] === 'url' ? 'url' : 'form';
    if (canAnswer(capabilities, method, mode)) continue;
    const name = method === 'elicitation/create' ? `elicitation.${mode}` : CAPABILITY[method];
    throw new AppError(
      'CLIENT_CANNOT_ANSWER',
      `This call has to ask back, for which the capability ${name} was not negotiated with the client.`,
      { next: `connect with a client that declares the capability ${name}, in a revision that has it` },
    );
  }
}
