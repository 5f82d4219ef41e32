import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import type { Prompt } from '../../src/core/prompt.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { defineTool, type Tool, type ToolCall } from '../../src/core/tool.ts';

interface Asking {
  readonly name: string;
  readonly title: string;
  readonly ask: (call: ToolCall, message: string) => Promise<string>;
}

function asking({ name, title, ask }: Asking): Tool {
  return defineTool({
    name,
    title,
    description: 'Asks back before it answers.',
    scopes: [],
    effect: 'read',
    input: z.object({
      key: z.string().describe('Names the call; the question repeats it.'),
      isTold: z.boolean().describe('Whether a log line goes ahead of the question.'),
    }),
    async run(call, { key, isTold }) {
      if (isTold) call.log('info', key);
      return { content: [text(await ask(call, key))] };
    },
  });
}

const fields = z.object({ name: z.string().describe('The name.') });

/** Both answer with what the client has answered. */
export const askingTools: readonly Tool[] = [
  asking({
    name: 'ask_person',
    title: 'Ask the person',
    ask: async (call, message) => {
      const answer = await call.elicit('name', { message, fields });
      return answer.action === 'accept' ? answer.content.name : answer.action;
    },
  }),
  asking({
    name: 'ask_model',
    title: 'Ask the model',
    ask: async (call, message) => {
      const messages = [{ role: 'user', content: { type: 'text', text: message } }] as const;
      return JSON.stringify((await call.createMessage('sample', { messages, maxTokens: 10 })).content);
    },
  }),
];

const PREFIX = 'matrix://';

export function uriOf(name: string): string {
  return PREFIX + encodeURIComponent(name);
}

/** Every URI of the family leads to something. */
export const resources: ResourceProvider = {
  prefix: PREFIX,
  scopes: [],
  templates: [],
  list: () => Promise.resolve({ resources: [] }),
  read: (_context, uri) => Promise.resolve([{ uri, text: uri }]),
  complete: () => Promise.resolve([]),
};

export const prompt: Prompt = {
  name: 'be_changed',
  title: 'Be changed',
  description: 'Stands for prompts that change.',
  scopes: [],
  arguments: [],
  get: () => Promise.resolve([]),
  complete: () => Promise.resolve([]),
};
