import {
  BAGGAGE_META_KEY,
  classifyInboundRequest,
  CLIENT_CAPABILITIES_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
  TRACEPARENT_META_KEY,
  TRACESTATE_META_KEY,
} from '@modelcontextprotocol/server';
import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../core/json.ts';

export type Era = 'modern' | 'legacy';

/** A usual, well-formed message that needs nothing of the SDK to be answered. */
export type UsualMessage = {
  readonly era: Era;
  readonly id: string | number;
  /** What the client has declared; nothing in the older era, which declares it once and not per message. */
  readonly capabilities: JsonObject;
} & ({ readonly method: 'ping' | 'tools/list' } | UsualCall);

interface UsualCall {
  readonly method: 'tools/call';
  readonly name: string;
  readonly arguments: JsonObject | undefined;
}

interface UsualRequest {
  readonly jsonrpc: '2.0';
  readonly id: string | number;
  readonly method: UsualMessage['method'];
  readonly params: JsonObject;
}

export interface MessageHeaders {
  readonly accept: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly method: string | undefined;
  readonly name: string | undefined;
}

export const MODERN_REVISION = '2026-07-28';
const LEGACY_REVISIONS: ReadonlySet<string> = new Set(SUPPORTED_PROTOCOL_VERSIONS);
const MESSAGE_KEYS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params']);
const PARAMS_KEYS: Readonly<Record<UsualMessage['method'], ReadonlySet<string>>> = {
  ping: new Set(['_meta']),
  'tools/list': new Set(['_meta']),
  'tools/call': new Set(['_meta', 'name', 'arguments']),
};
// What these ask for (progress, log lines, tasks) is the SDK's to give.
const PLAIN_META_KEY =
  /^(?!progressToken$|io\.modelcontextprotocol\/(?!protocolVersion$|clientInfo$|clientCapabilities$))/;
const TRACE_META_KEYS: ReadonlySet<string> = new Set([
  TRACEPARENT_META_KEY,
  TRACESTATE_META_KEY,
  BAGGAGE_META_KEY,
]);
const PLAIN_HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * A cheap look at a parsed message: answers it as a usual one, or undefined for everything that the SDK
 * has to judge. The rule is to recognise only what the SDK would accept as well; what is slightly
 * unusual may well be valid, and goes to the SDK.
 */
export class Recogniser {
  /** `_meta` envelopes, as JSON, that the SDK has accepted: a client sends the same one with every request. */
  readonly #accepted = new LRUCache<string, true>({
    max: 1000,
    maxSize: 2_000_000,
    sizeCalculation: (_, key) => key.length,
  });

  recognise(body: unknown, headers: MessageHeaders): UsualMessage | undefined {
    const request = usualRequest(body);
    if (request === undefined || !acceptsBoth(headers.accept)) return undefined;
    const era = this.#era(request, headers);
    if (era === undefined) return undefined;
    const { id, method } = request;
    const capabilities = era === 'modern' ? capabilitiesOf(request) : {};
    if (method !== 'tools/call') return { era, id, capabilities, method };
    const call = usualCall(era, request, headers);
    return call && { era, id, capabilities, ...call };
  }

  #era(request: UsualRequest, headers: MessageHeaders): Era | undefined {
    const meta = request.params['_meta'];
    if (meta === undefined) return isLegacyRevision(headers.protocolVersion) ? 'legacy' : undefined;
    if (!isObject(meta)) return undefined;
    const keys = Object.keys(meta);
    if (!keys.every((key) => PLAIN_META_KEY.test(key))) return undefined;
    if (Object.hasOwn(meta, PROTOCOL_VERSION_META_KEY)) {
      return this.#isModern(request, meta, headers) ? 'modern' : undefined;
    }
    // Another part of an envelope without its version is malformed, not old.
    const isTorn = keys.some((key) => key.startsWith('io.modelcontextprotocol/'));
    return !isTorn && isLegacyRevision(headers.protocolVersion) ? 'legacy' : undefined;
  }

  #isModern(request: UsualRequest, meta: JsonObject, headers: MessageHeaders): boolean {
    // `ping` is the one usual method that the modern revision does not have.
    if (request.method === 'ping' || headers.method !== request.method) return false;
    return headers.protocolVersion === MODERN_REVISION && this.#isAccepted(request, meta);
  }

  #isAccepted(request: UsualRequest, meta: JsonObject): boolean {
    const key = JSON.stringify(withoutTrace(meta));
    if (this.#accepted.has(key)) return true;
    const outcome = classifyInboundRequest({
      httpMethod: 'POST',
      protocolVersionHeader: MODERN_REVISION,
      mcpMethodHeader: request.method,
      body: request,
    });
    if (outcome.kind !== 'modern' || outcome.classification.revision !== MODERN_REVISION) return false;
    this.#accepted.set(key, true);
    return true;
  }
}

/** Clients that record traces name another one with every request, which is no part of the envelope. */
function withoutTrace(meta: JsonObject): JsonObject {
  if (!Object.hasOwn(meta, TRACEPARENT_META_KEY)) return meta;
  const members = Object.entries(meta);
  return Object.fromEntries(
    members.filter(([key, value]) => typeof value !== 'string' || !TRACE_META_KEYS.has(key)),
  );
}

function usualRequest(body: unknown): UsualRequest | undefined {
  if (!isObject(body) || !hasOnly(body, MESSAGE_KEYS)) return undefined;
  const { jsonrpc, id, method, params = {} } = body;
  if (jsonrpc !== '2.0' || !isId(id) || !isUsualMethod(method)) return undefined;
  return isObject(params) && hasOnly(params, PARAMS_KEYS[method])
    ? { jsonrpc, id, method, params }
    : undefined;
}

function capabilitiesOf({ params }: UsualRequest): JsonObject {
  const meta = params['_meta'];
  const capabilities = isObject(meta) ? meta[CLIENT_CAPABILITIES_META_KEY] : undefined;
  return isObject(capabilities) ? capabilities : {};
}

function usualCall(era: Era, { params }: UsualRequest, headers: MessageHeaders): UsualCall | undefined {
  const { name, arguments: args } = params;
  if (typeof name !== 'string' || (args !== undefined && !isObject(args))) return undefined;
  // An encoded name (`=?base64?…`) never equals the plain one, and so goes to the SDK.
  if (era === 'modern' && (headers.name !== name || !PLAIN_HEADER_VALUE.test(name))) return undefined;
  return { method: 'tools/call', name, arguments: args };
}

function isLegacyRevision(protocolVersion: string | undefined): boolean {
  return protocolVersion === undefined || LEGACY_REVISIONS.has(protocolVersion);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hasOnly(value: JsonObject, keys: ReadonlySet<string>): boolean {
  for (const key in value) if (!keys.has(key)) return false;
  return true;
}

function isId(id: unknown): id is string | number {
  return typeof id === 'string' || Number.isSafeInteger(id);
}

function isUsualMethod(method: unknown): method is UsualMessage['method'] {
  return typeof method === 'string' && Object.hasOwn(PARAMS_KEYS, method);
}

/** Both media types are demanded of every client (basic/transports, "Sending Messages to the Server"). */
function acceptsBoth(accept: string | undefined): boolean {
  return accept !== undefined && accept.includes('application/json') && accept.includes('text/event-stream');
}
