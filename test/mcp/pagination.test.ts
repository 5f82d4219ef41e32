import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import { AppError } from '../../src/core/errors.ts';
import type { Prompt } from '../../src/core/prompt.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { defineTool } from '../../src/core/tool.ts';
import { answerOf, type McpEndpoint, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { cites } from '../requirements.ts';

const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon'];

function tool(name: string, isForAll = true) {
  return defineTool({
    name,
    title: name,
    description: `Does ${name}.`,
    scopes: isForAll ? [] : ['files:delete'],
    effect: 'read',
    input: z.object({}),
    run: () => Promise.resolve({ content: [text(name)] }),
  });
}

function prompt(name: string): Prompt {
  return {
    name,
    title: name,
    description: `Asks for ${name}.`,
    scopes: [],
    arguments: [],
    get: () => Promise.resolve([]),
    complete: () => Promise.resolve([]),
  };
}

/** A family of resources that pages by itself, two at a time, under cursors of its own. */
function family(prefix: string): ResourceProvider {
  return {
    prefix,
    scopes: [],
    templates: NAMES.map((name) => ({ uriTemplate: `${prefix}${name}/{id}`, name })),
    list(_context, cursor) {
      const start = cursor === undefined ? 0 : NAMES.indexOf(cursor);
      if (start < 0) throw new AppError('INVALID_ARGUMENT', 'Not a cursor of this family');
      const resources = NAMES.slice(start, start + 2).map((name) => ({ uri: `${prefix}${name}`, name }));
      const next = NAMES[start + 2];
      return Promise.resolve({ resources, ...(next === undefined ? {} : { nextCursor: next }) });
    },
    read: () => Promise.resolve([]),
    complete: () => Promise.resolve([]),
  };
}

type List = readonly [method: string, member: string, key: string];

const TOOLS: List = ['tools/list', 'tools', 'name'];
const LISTS: readonly List[] = [
  TOOLS,
  ['prompts/list', 'prompts', 'name'],
  ['resources/templates/list', 'resourceTemplates', 'uriTemplate'],
  ['resources/list', 'resources', 'uri'],
];

const started: McpEndpoint[] = [];
afterAll(() => Promise.all(started.map((endpoint) => endpoint.close())));

async function start(listPageSize?: number, tools = NAMES.map((name) => tool(name))): Promise<McpEndpoint> {
  const endpoint = await startMcpEndpoint({
    tools,
    prompts: NAMES.map(prompt),
    resources: [family('test://one/'), family('test://two/')],
    scopes: ['files:read'],
    ...(listPageSize === undefined ? {} : { options: { listPageSize } }),
  });
  started.push(endpoint);
  return endpoint;
}

type Result = Readonly<Record<string, unknown>> & { readonly nextCursor?: string };
type Send = McpEndpoint['modern'];

async function resultOf(send: Send, method: string, cursor?: string): Promise<Result> {
  const answer = await answerOf(await send(method, cursor === undefined ? {} : { cursor }));
  expect(answer).not.toHaveProperty('error');
  return answer['result'] as Result;
}

/** The keys of each page, from the first to the last. */
async function pagesOf(send: Send, [method, member, key]: List): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  let cursor: string | undefined;
  do {
    const result = await resultOf(send, method, cursor);
    pages.push((result[member] as Record<string, unknown>[]).map((item) => item[key]));
    cursor = result.nextCursor;
  } while (cursor !== undefined);
  return pages;
}

describe.each(['modern', 'legacy'] as const)('a list for a %s client', (era) => {
  it.each(LISTS)('%s comes in pages that hold each entry once, in the same order', async (...list) => {
    const small = await start(2);
    const whole = await start();
    const pages = await pagesOf(small[era], list);
    expect(pages.length).toBeGreaterThan(2);
    expect(pages.every((page) => page.length <= 2)).toBe(true);
    expect(pages.flat()).toEqual((await pagesOf(whole[era], list)).flat());
    expect(new Set(pages.flat()).size).toBe(pages.flat().length);
  });

  it.each(LISTS)(
    cites(
      ['2025-11-25/pagination/stable-cursors', '2026-07-28/pagination/stable-cursors'],
      '%s goes on in another process where one has stopped',
    ),
    async (method, member, key) => {
      const [one, another] = [await start(2), await start(2)];
      const { nextCursor } = await resultOf(one[era], method);
      const there = await resultOf(another[era], method, nextCursor);
      expect(there).toEqual(await resultOf(one[era], method, nextCursor));
      expect((there[member] as Record<string, unknown>[])[0]?.[key]).toContain('gamma');
    },
  );

  it.each(LISTS)(
    cites(
      [
        '2025-11-25/pagination/invalid-graceful',
        '2025-11-25/pagination/invalid-code',
        '2026-07-28/pagination/invalid-graceful',
        '2026-07-28/pagination/invalid-code',
      ],
      '%s answers a cursor that it has not given with -32602',
    ),
    async (method) => {
      const endpoint = await start(2);
      const { nextCursor = '' } = await resultOf(endpoint[era], method);
      const foreign = LISTS.find(([other]) => other !== method)?.[0] ?? '';
      const { nextCursor: ofAnother } = await resultOf(endpoint[era], foreign);
      const forged = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');
      const invented = [
        '',
        'made-up',
        `${nextCursor}=`,
        ofAnother,
        forged(method, 'no such'),
        forged(method, 1),
      ];
      for (const cursor of [...invented, forged(method), forged(method, 'alpha', 'x', 'y'), '[]', '💥']) {
        const answer = await answerOf(await endpoint[era](method, { cursor }));
        expect(answer, cursor).toMatchObject({ error: { code: -32602 } });
      }
    },
  );

  it('holds everything in one page unless there are very many', async () => {
    const endpoint = await start();
    for (const [method] of LISTS.slice(0, 3)) {
      expect(await resultOf(endpoint[era], method)).not.toHaveProperty('nextCursor');
    }
  });

  it('goes on after the last shown entry where others have come and gone since', async () => {
    const before = await start(2);
    const after = await start(
      2,
      ['new', 'beta', 'newer', 'gamma'].map((name) => tool(name)),
    );
    const { nextCursor } = await resultOf(before[era], 'tools/list');
    const { tools } = await resultOf(after[era], 'tools/list', nextCursor);
    expect(tools).toMatchObject([{ name: 'newer' }, { name: 'gamma' }]);
  });

  it(
    cites(
      ['2026-07-28/caching/access-controlled'],
      'shows no entry that the scopes do not cover, and takes no cursor that names one',
    ),
    async () => {
      const hidden = [tool('alpha'), tool('beta', false), tool('gamma'), tool('delta')];
      const endpoint = await start(2, hidden);
      expect(await pagesOf(endpoint[era], TOOLS)).toEqual([['alpha', 'gamma'], ['delta']]);
      const cursor = Buffer.from(JSON.stringify(['tools/list', 'beta'])).toString('base64url');
      const answer = await answerOf(await endpoint[era]('tools/list', { cursor }));
      expect(answer).toMatchObject({ error: { code: -32602 } });
    },
  );
});
