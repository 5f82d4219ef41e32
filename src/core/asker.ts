import type { JsonObject } from './json.ts';

/** What only the client's side can answer: its person, its model, or the client itself. */
export interface ClientRequest {
  readonly method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list';
  /** As the protocol defines them for the method (MCP 2026-07-28, client/elicitation, client/sampling, client/roots). */
  readonly params: JsonObject;
}

export interface Asker {
  /** Whether the client has said that it can answer such requests; `mode` is that of an elicitation. */
  canAsk(method: ClientRequest['method'], mode?: 'form' | 'url'): boolean;
  /**
   * Asks everything in one round; the answers come under the same keys. They are the client's word and
   * are not checked: validate them.
   *
   * The caller may be run again from its start to get the answers, with those of earlier rounds kept. So
   * keys are unique within it, and nothing before its last round of questions may change anything.
   *
   * @throws AppError `CLIENT_CANNOT_ANSWER`
   */
  ask(requests: Readonly<Record<string, ClientRequest>>): Promise<Readonly<Record<string, unknown>>>;
}
