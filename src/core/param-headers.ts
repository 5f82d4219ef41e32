import type { JsonObject } from './json.ts';

/** The keyword that marks a parameter in a schema (MCP 2026-07-28, server/tools, "x-mcp-header"). */
export const PARAM_HEADER_KEYWORD = 'x-mcp-header';

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const TYPES: ReadonlySet<unknown> = new Set(['string', 'integer', 'boolean']);

/**
 * Marks the parameters that clients repeat as headers.
 *
 * @param headers parameter to the header's name without `Mcp-Param-`
 * @throws TypeError for what would make clients drop the tool from its list
 */
export function withParamHeaders(
  tool: string,
  schema: JsonObject,
  headers: Readonly<Record<string, string>>,
): JsonObject {
  const properties = { ...(schema['properties'] as Readonly<Record<string, JsonObject>>) };
  const taken = new Set<string>();
  for (const [parameter, header] of Object.entries(headers)) {
    const fault = faultOf(properties[parameter], header, taken);
    if (fault !== undefined) {
      throw new TypeError(`Tool "${tool}": the header of the parameter "${parameter}" ${fault}`);
    }
    taken.add(header.toLowerCase());
    properties[parameter] = { ...properties[parameter], [PARAM_HEADER_KEYWORD]: header };
  }
  return { ...schema, properties };
}

function faultOf(
  parameter: JsonObject | undefined,
  header: string,
  taken: ReadonlySet<string>,
): string | undefined {
  if (parameter === undefined) return 'belongs to no parameter';
  if (!TYPES.has(parameter['type'])) return 'needs a text, an integer or a boolean';
  if (!TOKEN.test(header)) return 'is no header name';
  return taken.has(header.toLowerCase()) ? 'is that of another one' : undefined;
}
