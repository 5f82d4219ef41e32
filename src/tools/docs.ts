import type { JsonObject } from '../core/json.ts';
import type { Tool } from '../core/tool.ts';

const EFFECTS = {
  read: 'changes nothing',
  write: 'adds, never loses',
  destroy: 'may lose what was there',
} as const;

/** The reference of all tools as Markdown, from their declarations: one section each, with a table of its parameters. */
export function renderToolsDoc(tools: readonly Tool[]): string {
  return tools.map((tool) => section(tool)).join('\n\n');
}

function section(tool: Tool): string {
  const scopes = tool.scopes.map((scope) => `\`${scope}\``).join(', ');
  return [
    `## \`${tool.name}\``,
    tool.description,
    [
      `- Effect: ${tool.effect} (${EFFECTS[tool.effect]})`,
      `- Scopes: ${scopes === '' ? 'any valid token' : scopes}`,
      `- Time limit: ${tool.timeoutMs / 1000} s`,
      `- Answer: ${tool.outputSchema === undefined ? 'text' : 'data, as structured content and as JSON text'}`,
    ].join('\n'),
    fields('Parameter', tool.inputSchema),
    ...(tool.outputSchema === undefined ? [] : [fields('Field of the answer', tool.outputSchema)]),
  ].join('\n\n');
}

function fields(heading: string, schema: JsonObject): string {
  const required = new Set(asArray(schema['required']));
  const rows = Object.entries(asObject(schema['properties'])).map(([name, field]) => {
    const { description, ...rest } = asObject(field);
    const fallback = 'default' in rest ? `\`${JSON.stringify(rest['default'])}\`` : '';
    const need = required.has(name) && !('default' in rest) ? 'required' : fallback;
    return `| \`${name}\` | ${typeText(rest)} | ${need} | ${cell(String(description))} |`;
  });
  if (rows.length === 0) return `No ${heading.toLowerCase()}s.`;
  return [`| ${heading} | Type | Default | Meaning |`, '| --- | --- | --- | --- |', ...rows].join('\n');
}

function typeText(field: JsonObject): string {
  const values = asArray(field['enum']);
  if (values.length > 0) return values.map((value) => `\`${String(value)}\``).join(', ');
  const type = String(field['type']);
  if (type === 'array')
    return `list of ${typeText(asObject(field['items']))}${bounds(field, 'minItems', 'maxItems')}`;
  return `${type}${bounds(field, 'minimum', 'maximum')}${bounds(field, 'minLength', 'maxLength', ' characters')}`;
}

function bounds(field: JsonObject, low: string, high: string, unit = ''): string {
  const from = bound(field[low]);
  const to = bound(field[high]);
  if (from === undefined) return to === undefined ? '' : `, up to ${to}${unit}`;
  return to === undefined ? `, from ${from}${unit}` : `, ${from}–${to}${unit}`;
}

/** Every integer is bounded by what a double holds exactly: no news to a reader. */
function bound(value: unknown): number | undefined {
  return typeof value === 'number' && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
}

function cell(value: string): string {
  // Globs must not become emphasis.
  return value.replaceAll(/[|*_]/g, '\\$&').replaceAll('\n', ' ');
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
