/** The part of a structured logger that features use; pino satisfies it. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: Record<string, unknown>): Logger;
}

/** How a tool call ended: the bounded `outcome` label of its metrics. */
export type ToolOutcome = 'ok' | 'error' | 'denied' | 'timeout' | 'cancelled' | 'busy';

/** How an attempt to authenticate or to obtain a token ended. */
export type AuthOutcome = 'ok' | 'missing' | 'invalid' | 'insufficient_scope' | 'unavailable' | 'refused';

/** What is counted. Every label comes from a set that requests cannot grow. */
export interface Metrics {
  toolCall(tool: string, outcome: ToolOutcome, seconds: number): void;
  /** `step` is one of: bearer, dpop, authorize, token, register, revoke, login, consent, setup. */
  auth(step: string, outcome: AuthOutcome): void;
  /** Counts an open stream until the answered function is called. */
  streamOpened(kind: string): () => void;
}

/** Something that an operator must be able to reconstruct later. Never holds a token or a password. */
export interface AuditEvent {
  /** `<what>.<done>`: `token.issued`, `login.failed`, `client.registered`, `tool.called`, … */
  readonly action: string;
  readonly outcome: 'success' | 'failure' | 'denied';
  readonly subject?: string;
  readonly clientId?: string;
  readonly address?: string;
  readonly details?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** What a feature is handed to tell how it fares. */
export interface Telemetry {
  readonly logger: Logger;
  readonly metrics: Metrics;
  audit(event: AuditEvent): void;
}
