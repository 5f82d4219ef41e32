import * as z from 'zod';
import { ArgumentParser, nearestName } from '../../core/arguments.ts';
import { CALL_TOOL, SEARCH_TOOLS } from '../../core/discovery.ts';
import { AppError } from '../../core/errors.ts';
import { callText } from '../../core/phrases.ts';
import { defineTool, type Effect, type Tool } from '../../core/tool.ts';
import { mayUse } from '../admission.ts';

const DESCRIPTION = `Calls a tool that is not in your list, by the name and with the arguments that search_tools has told. The call counts as one of that tool: its permissions, limits and errors are the same as if it were listed. Where an error or a note names a call of that tool, make it with call_tool, too. Take it for nothing that is listed.`;

const ALIASES = {
  tool: 'name',
  tool_name: 'name',
  args: 'arguments',
  input: 'arguments',
  params: 'arguments',
  parameters: 'arguments',
};

const input = z.object({
  name: z.string().min(1).max(128).describe('Of the tool, as search_tools tells it.'),
  arguments: z.looseObject({}).default({}).describe('What that tool takes, by its input_schema.'),
});

/** What a call of `call_tool` is about. */
export interface TargetedCall {
  readonly name: string;
  readonly arguments: unknown;
}

const parser = new ArgumentParser(CALL_TOOL, input, ALIASES);

/** @throws AppError `INVALID_ARGUMENT` */
export function targetOf(rawArguments: unknown): TargetedCall {
  return parser.parse(rawArguments);
}

const STRENGTHS: readonly Effect[] = ['read', 'write', 'destroy'];

/**
 * What is listed for `call_tool`. A call of a tool that exists never runs it: it was taken for a call of that
 * tool before. What is left for it is to say what is wrong.
 *
 * @param tools All that can be called by it.
 */
export function callTool(tools: readonly Tool[]): Tool {
  const effect = STRENGTHS.findLast((one) => tools.some((tool) => tool.effect === one)) ?? 'read';
  return defineTool({
    name: CALL_TOOL,
    title: 'Call a tool',
    description: DESCRIPTION,
    scopes: [],
    // Clients ask people by these hints, and do not know the target: the strongest of all counts.
    effect,
    idempotent: tools.every(({ annotations }) => annotations.idempotentHint),
    openWorld: tools.some(({ annotations }) => annotations.openWorldHint),
    input,
    aliases: ALIASES,
    run({ principal }, { name }) {
      const names = tools.filter((tool) => mayUse(principal, tool)).map((tool) => tool.name);
      const nearest = nearestName(name, names);
      const question = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
      throw new AppError('INVALID_ARGUMENT', `There is no tool ${JSON.stringify(name)}.${question}`, {
        next: callText(SEARCH_TOOLS, { query: name.replaceAll('_', ' ') }),
      });
    },
  });
}
