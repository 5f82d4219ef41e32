import type { JsonObject } from '../core/json.ts';
import type { Prompt, PromptArgument } from '../core/prompt.ts';
import type { Scope } from '../core/scopes.ts';
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

/** The same for prompts: one section each, with a table of its arguments. */
export function renderPromptsDoc(prompts: readonly Prompt[]): string {
  return prompts
    .map(({ name, description, scopes, arguments: list }) =>
      [`### \`${name}\``, description, `- Scopes: ${scopesText(scopes)}`, promptArguments(list)].join('\n\n'),
    )
    .join('\n\n');
}

function promptArguments(list: readonly PromptArgument[]): string {
  const rows = list.map(({ name, required, description }) => {
    return [`\`${name}\``, required ? 'required' : '', escaped(description)];
  });
  return rows.length === 0 ? 'No arguments.' : table(['Argument', 'Needed', 'Meaning'], rows);
}

function scopesText(scopes: readonly Scope[]): string {
  return scopes.length === 0 ? 'any valid token' : scopes.map((scope) => `\`${scope}\``).join(', ');
}

function section(tool: Tool): string {
  return [
    `## \`${tool.name}\``,
    tool.description,
    [
      `- Effect: ${tool.effect} (${EFFECTS[tool.effect]})`,
      `- Scopes: ${scopesText(tool.scopes)}`,
      `- Time limit: ${tool.timeoutMs / 1000} s`,
      `- Answer: ${tool.outputSchema === undefined ? 'text' : 'data, as structured content and as JSON text'}`,
    ].join('\n'),
    parameters(tool.inputSchema),
    ...(tool.outputSchema === undefined ? [] : [answer(tool.outputSchema)]),
  ].join('\n\n');
}

function parameters(schema: JsonObject): string {
  const rows = fieldsOf(schema).map(({ name, field, isRequired }) => {
    const fallback = 'default' in field ? `\`${JSON.stringify(field['default'])}\`` : '';
    return [`\`${name}\``, typeText(field), isRequired ? 'required' : fallback, meaning(field)];
  });
  return rows.length === 0 ? 'No parameters.' : table(['Parameter', 'Type', 'Default', 'Meaning'], rows);
}

function answer(schema: JsonObject): string {
  const rows = fieldsOf(schema).map(({ name, field, isRequired }) => {
    return [`\`${name}\``, typeText(field), isRequired ? 'always' : 'where it applies', meaning(field)];
  });
  return table(['Field of the answer', 'Type', 'Present', 'Meaning'], rows);
}

function fieldsOf(schema: JsonObject): { name: string; field: JsonObject; isRequired: boolean }[] {
  const required = asArray(schema['required']);
  return Object.entries(asObject(schema['properties'])).map(([name, value]) => {
    const field = asObject(value);
    return { name, field, isRequired: required.includes(name) && !('default' in field) };
  });
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => '---'), ...rows];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
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

function meaning(field: JsonObject): string {
  return escaped(String(field['description']));
}

/** Text as it stands: globs are full of what Markdown takes for emphasis. */
function escaped(cell: string): string {
  return cell.replaceAll(/[|*]/g, '\\$&').replaceAll('\n', ' ');
}

function asObject(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
