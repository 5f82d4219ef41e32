import type { Content } from '../../../src/core/content.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Tool, ToolCall, ToolResult } from '../../../src/core/tool.ts';

/**
 * A tool as the suite wants it, written out: `defineTool` would not take some of its schemas, and a tool of
 * another server is such an object as well.
 */
export function fixture(
  name: string,
  run: (call: ToolCall, args: JsonObject) => Promise<ToolResult> | ToolResult,
  changes: Partial<Tool> = {},
): Tool {
  return {
    name,
    title: name,
    description: `Conformance fixture ${name}.`,
    scopes: [],
    effect: 'read',
    annotations: {
      title: name,
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    inputSchema: { type: 'object', properties: {} },
    outputSchema: undefined,
    timeoutMs: 120_000,
    icons: [],
    task: 'never',
    bind: (args) => async (call) => run(call, (args ?? {}) as JsonObject),
    ...changes,
  };
}

export function answering(name: string, ...content: Content[]): Tool {
  return fixture(name, () => ({ content }));
}

/** A schema of required texts. */
export function taking(...names: string[]): JsonObject {
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'string', description: name }]));
  return { type: 'object', properties, required: names };
}
