import { randomBytes } from 'node:crypto';

/** Where work belongs in a trace that a client records (W3C Trace Context). */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The span that the work is part of: 16 hexadecimal digits. */
  readonly parentId: string;
  /** Two hexadecimal digits; the lowest bit says that the caller records the trace. */
  readonly flags: string;
  /** What tracing systems have noted on the way: the `tracestate` header. */
  readonly state: string | undefined;
  /** What the client wants to be known along the way (W3C Baggage). For the operator's own services only. */
  readonly baggage: string | undefined;
}

// Trace Context §3.2.2: what later versions add comes behind another dash.
const TRACEPARENT =
  /^(?!ff)(?<version>[0-9a-f]{2})-(?!0{32})(?<traceId>[0-9a-f]{32})-(?!0{16})(?<parentId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<more>-.*)?$/;
/** Sampled, and random-trace-id of level 2; others are not to be handed on (§3.2.2.5). */
const KNOWN_FLAGS = 0x03;
const MAX_TRACEPARENT_LENGTH = 256;

// Trace Context §3.3.1.
const STATE_MEMBER =
  /^(?<key>[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;
const MAX_STATE_MEMBERS = 32;

// Baggage §3.2.1 and §3.2.2.
const TOKEN = /^[!#$%&'*+.^_`|~\w-]+$/;
const OCTETS = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/;
const MAX_BAGGAGE_MEMBERS = 64;

/** Of each list, as Baggage §3.2.3 has it. */
const MAX_LIST_LENGTH = 8192;

/**
 * Reads `traceparent`, `tracestate` and `baggage` from what carries them: the headers of a request, or the
 * `_meta` of a message (MCP 2026-07-28, basic, "OpenTelemetry trace context"). What is malformed counts as
 * absent, and without a parent there is nothing.
 */
export function readTraceContext(carrier: Readonly<Record<string, unknown>>): TraceContext | undefined {
  const { traceparent } = carrier;
  if (typeof traceparent !== 'string' || traceparent.length > MAX_TRACEPARENT_LENGTH) return undefined;
  const { version, traceId, parentId, flags, more } = TRACEPARENT.exec(traceparent)?.groups ?? {};
  if (traceId === undefined || parentId === undefined || flags === undefined) return undefined;
  if (version === '00' && more !== undefined) return undefined;
  return {
    traceId,
    parentId,
    flags: (Number.parseInt(flags, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0'),
    state: wellFormed(carrier['tracestate'], isState),
    baggage: wellFormed(carrier['baggage'], isBaggage),
  };
}

/** The same trace as seen by what this service asks others to do: it is their parent. */
export function childOf(trace: TraceContext): TraceContext {
  return { ...trace, parentId: randomBytes(8).toString('hex') };
}

/**
 * The headers, or members of `_meta`, that hand a trace on. Baggage is not among them: it may say what the
 * next one should not know.
 */
export function traceHeaders({ traceId, parentId, flags, state }: TraceContext): Record<string, string> {
  return {
    traceparent: `00-${traceId}-${parentId}-${flags}`,
    ...(state === undefined ? {} : { tracestate: state }),
  };
}

function wellFormed(value: unknown, areWellFormed: (members: string[]) => boolean): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_LIST_LENGTH) return undefined;
  // Beyond these there is nothing that a header may hold, and a trimmed member hides nothing.
  if (!/^[\t\x20-\x7e]*$/.test(value)) return undefined;
  // Empty members are allowed, and mean nothing.
  const members = value
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  return members.length > 0 && areWellFormed(members) ? value : undefined;
}

function isState(members: readonly string[]): boolean {
  if (members.length > MAX_STATE_MEMBERS) return false;
  const keys = new Set(members.map((member) => STATE_MEMBER.exec(member)?.groups?.['key']));
  return !keys.has(undefined) && keys.size === members.length;
}

function isBaggage(members: readonly string[]): boolean {
  return members.length <= MAX_BAGGAGE_MEMBERS && members.every(isBaggageMember);
}

/** `key=value`, and any number of properties, which need no value. */
function isBaggageMember(member: string): boolean {
  const [pair = '', ...properties] = member.split(';');
  return pair.includes('=') && isPair(pair) && properties.every(isPair);
}

function isPair(text: string): boolean {
  const end = text.indexOf('=');
  if (end === -1) return TOKEN.test(text.trim());
  return TOKEN.test(text.slice(0, end).trim()) && OCTETS.test(text.slice(end + 1).trim());
}
