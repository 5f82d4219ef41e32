import * as z from 'zod';
import { ByHolder } from '../../core/by-holder.ts';
import { text } from '../../core/content.ts';
import { SEARCH_TOOLS } from '../../core/discovery.ts';
import type { OutputBudget } from '../../core/budget.ts';
import type { Principal } from '../../core/principal.ts';
import { defineTool, type Tool } from '../../core/tool.ts';
import { mayUse } from '../admission.ts';
import { ToolIndex } from './ranking.ts';

const DESCRIPTION = `Finds tools that are not in your list, by words of what they do: this server has more of them than are listed. Take it when no listed tool fits the task, before you say that something cannot be done. Answers the best matches with description and input schema, ready for call_tool; other_names names what else there is. Search with two or three words of the subject, such as "invoice customer".`;

/** Names beyond these are left to another search. */
const MAX_NAMES = 100;
/** Tokens that stay for the names. */
const FOR_NAMES = 800;

const input = z.object({
  query: z.string().trim().min(1).max(200).describe('Words of what the tool should do.'),
  limit: z.int().min(1).max(20).default(5).describe('How many tools to describe.'),
});

const found = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  effect: z.enum(['read', 'write', 'destroy']),
  scopes: z.array(z.string()),
  input_schema: z.record(z.string(), z.unknown()),
});
type Found = z.output<typeof found>;

const output = z.object({
  tools: z.array(found).describe('The best matches, best first.'),
  other_names: z
    .array(z.string())
    .describe('Names of further matches; of all tools that are not listed, where nothing matches.'),
});

/** @param tail Tools that may be left out of the list, in their order. */
export function searchTools(tools: readonly Tool[], tail: readonly Tool[]): Tool {
  const index = new ToolIndex(tools);
  const visible = new ByHolder<ReadonlySet<Tool>>();
  const visibleTo = (principal: Principal): ReadonlySet<Tool> =>
    visible.get(principal, () => new Set(tools.filter((tool) => mayUse(principal, tool))));
  return defineTool({
    name: SEARCH_TOOLS,
    title: 'Search tools',
    description: DESCRIPTION,
    scopes: [],
    effect: 'read',
    input,
    output,
    timeoutMs: 10_000,
    run({ principal, budget }, { query, limit }) {
      const seen = visibleTo(principal);
      const matches = index.search(query, seen);
      const described = fitting(matches.slice(0, limit), budget);
      const others =
        matches.length === 0 ? tail.filter((tool) => seen.has(tool)) : matches.slice(described.length);
      const structuredContent = {
        tools: described,
        other_names: others.slice(0, MAX_NAMES).map(({ name }) => name),
      };
      return Promise.resolve({ content: [text(JSON.stringify(structuredContent))], structuredContent });
    },
  });
}

function fitting(tools: readonly Tool[], budget: OutputBudget): Found[] {
  const described: Found[] = [];
  for (const { name, title, description, effect, scopes, inputSchema } of tools) {
    const one = { name, title, description, effect, scopes: [...scopes], input_schema: { ...inputSchema } };
    if (!budget.take(JSON.stringify(one), 'json', FOR_NAMES)) break;
    described.push(one);
  }
  return described;
}
