import { PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server';
import type { JsonObject } from '../core/json.ts';
import { PARAM_HEADER_KEYWORD } from '../core/param-headers.ts';
import type { Tool } from '../core/tool.ts';
import { MODERN_REVISION } from './recognise.ts';

/** A parameter that clients repeat as a header. */
interface ParamHeader {
  /** In lower case, as Node has it. */
  readonly header: string;
  readonly path: readonly string[];
  readonly isInteger: boolean;
}

// MCP 2026-07-28, basic, "Error Codes".
const HEADER_MISMATCH = -32020;
/** RFC 9110 §5.5, without what is not ASCII. */
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;
const DECIMAL = /^-?\d+(\.\d+)?$/;
const ENCODED = /^=\?base64\?(.*)\?=$/s;

const known = new WeakMap<Tool, readonly ParamHeader[]>();

/**
 * Holds the headers that repeat arguments of a call against the call (MCP 2026-07-28,
 * basic/transports/streamable-http, "Server Behavior for Custom Headers"): whoever routed or judged the
 * request by them must not have seen another call than the one that runs.
 *
 * @param headerOf the value of a header by its name in lower case
 * @returns the JSON-RPC error to answer with status 400; undefined when they agree, when the tool has no such
 *   parameters, and for messages of older revisions, which have no such headers
 */
export function paramHeaderMismatch(
  message: unknown,
  findTool: (name: string) => Tool | undefined,
  headerOf: (name: string) => string | undefined,
): string | undefined {
  const call = modernCall(message);
  const tool = call && findTool(call.name);
  if (call === undefined || tool === undefined) return undefined;
  for (const declared of paramHeadersOf(tool)) {
    const fault = faultOf(declared, headerOf(declared.header), valueAt(call.arguments, declared.path));
    if (fault === undefined) continue;
    const text = `Header mismatch: the header ${declared.header} ${fault}`;
    const error = { code: HEADER_MISMATCH, message: text };
    return JSON.stringify({ jsonrpc: '2.0', id: call.id, error });
  }
  return undefined;
}

/** Names the parameter but not its value: the answer may end up in logs on its way. */
function faultOf(declared: ParamHeader, header: string | undefined, value: unknown): string | undefined {
  const parameter = `the argument ${declared.path.join('.')}`;
  const isGiven = value !== undefined && value !== null;
  if (header === undefined) return isScalar(value) ? `is missing beside ${parameter}` : undefined;
  const decoded = decode(header);
  if (decoded === undefined) return 'holds characters or an encoding that is not allowed';
  if (!isGiven) return `stands without ${parameter}`;
  return isScalar(value) && agrees(declared, decoded, value)
    ? undefined
    : `does not have the value of ${parameter}`;
}

function agrees({ isInteger }: ParamHeader, decoded: string, value: string | number | boolean): boolean {
  if (isInteger && typeof value === 'number' && DECIMAL.test(decoded)) {
    return Number.isSafeInteger(value) && Number(decoded) === value;
  }
  return decoded === String(value);
}

/** The value that a header stands for; undefined for one that no client may send ("Value Encoding"). */
function decode(header: string): string | undefined {
  if (!HEADER_VALUE.test(header)) return undefined;
  const payload = ENCODED.exec(header)?.[1];
  if (payload === undefined) return header;
  const bytes = Buffer.from(payload, 'base64');
  // Node overlooks what is not Base64.
  if (bytes.toString('base64') !== payload) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function paramHeadersOf(tool: Tool): readonly ParamHeader[] {
  let headers = known.get(tool);
  if (headers === undefined) {
    headers = declaredIn(tool.inputSchema, []);
    known.set(tool, headers);
  }
  return headers;
}

/** Reachable by `properties` alone; clients refuse a tool that declares them anywhere else. */
function declaredIn(schema: JsonObject, path: readonly string[]): ParamHeader[] {
  const { properties } = schema;
  if (!isObject(properties)) return [];
  return Object.entries(properties).flatMap(([name, property]) => {
    if (!isObject(property)) return [];
    const here = [...path, name];
    const header = property[PARAM_HEADER_KEYWORD];
    const own = {
      header: `mcp-param-${String(header).toLowerCase()}`,
      path: here,
      isInteger: property['type'] === 'integer',
    };
    return [...(typeof header === 'string' ? [own] : []), ...declaredIn(property, here)];
  });
}

function modernCall(message: unknown): { id: unknown; name: string; arguments: unknown } | undefined {
  if (!isObject(message) || message['method'] !== 'tools/call') return undefined;
  const { params } = message;
  const id = typeof message['id'] === 'object' ? null : (message['id'] ?? null);
  if (!isObject(params) || typeof params['name'] !== 'string') return undefined;
  const meta = params['_meta'];
  const isModern = isObject(meta) && meta[PROTOCOL_VERSION_META_KEY] === MODERN_REVISION;
  return isModern ? { id, name: params['name'], arguments: params['arguments'] } : undefined;
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root;
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
