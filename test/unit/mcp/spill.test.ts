import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { OutputBudget } from '../../../src/core/budget.ts';
import { type Content, text } from '../../../src/core/content.ts';
import { AppError } from '../../../src/core/errors.ts';
import { ScopeSet } from '../../../src/core/scopes.ts';
import type { Kept } from '../../../src/core/scratch.ts';
import { defineTool } from '../../../src/core/tool.ts';
import { Spill } from '../../../src/mcp/spill.ts';
import { principalOf } from '../../fixtures/principal.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';

const BUDGET = 2000;

const reader = defineTool({
  name: 'read_file',
  title: 'Read',
  description: 'Reads.',
  scopes: ['files:read'],
  effect: 'read',
  input: z.object({}),
  run: () => Promise.resolve({ content: [] }),
});

interface Circumstances {
  readonly scopes?: readonly string[];
  readonly failure?: Error;
}

/** A spill, and what it has put away. */
function setUp({ scopes = ['files:read'], failure }: Circumstances = {}) {
  const kept: Kept[] = [];
  const telemetry = recordTelemetry();
  const call = {
    principal: principalOf({ scopes: ScopeSet.of(scopes) }),
    budget: new OutputBudget(BUDGET),
    logger: telemetry.logger,
    keep: (one: Kept) => {
      if (failure !== undefined) return Promise.reject(failure);
      kept.push(one);
      const { name, mimeType, content } = one;
      return Promise.resolve({
        ...{ name, mimeType, size: textOf(content).length },
        path: `/.scratch/${name}`,
        uri: `file://workspace/.scratch/${name}`,
        expiresAt: Date.UTC(2026, 2, 2, 14, 5),
      });
    },
  };
  const spill = new Spill((name) => (name === 'read_file' ? reader : undefined));
  const fit = (content: readonly Content[], structuredContent?: Record<string, unknown>) =>
    spill.fit('list_orders', { content, ...(structuredContent && { structuredContent }) }, call);
  return { fit, kept, telemetry };
}

function textOf(content: Kept['content'] | undefined): string {
  return typeof content === 'string' ? content : '';
}

const LINES = Array.from(
  { length: 1000 },
  (_, index) => `order ${String(index + 1).padStart(4, '0')} is paid`,
);

describe('a result that keeps to the budget', () => {
  it.each([
    ['prose', 'x'.repeat(BUDGET * 4)],
    ['Chinese', '好'.repeat(Math.floor(BUDGET * 1.7))],
  ])('stays as it is: %s', async (_class, said) => {
    const { fit, kept } = setUp();
    const content = [text(said)];
    expect((await fit(content)).content).toBe(content);
    expect(kept).toEqual([]);
  });
});

describe('a text that is too large', () => {
  it('is put away whole; its head is shown in whole lines, with the call that reads on', async () => {
    const { fit, kept } = setUp();
    const image: Content = { type: 'image', data: 'AAAA', mimeType: 'image/png' };
    const { content } = await fit([text(LINES.join('\n')), image]);
    expect(kept).toEqual([{ name: 'list_orders.txt', mimeType: 'text/plain', content: LINES.join('\n') }]);
    const [head, note, link, other] = content;
    const shown = head?.type === 'text' ? head.text.split('\n') : [];
    expect(shown.length).toBeGreaterThan(300);
    expect(shown).toEqual(LINES.slice(0, shown.length));
    expect(note).toEqual(
      text(
        `[lines 1-${shown.length} of 1,000 are shown; all of it is in /.scratch/list_orders.txt until 2026-03-02T14:05Z; next read_file {"paths":["/.scratch/list_orders.txt"],"start_line":${shown.length + 1}}]`,
      ),
    );
    expect(link).toEqual({
      type: 'resource_link',
      uri: 'file://workspace/.scratch/list_orders.txt',
      name: 'list_orders.txt',
      mimeType: 'text/plain',
      size: LINES.join('\n').length,
    });
    expect(other).toBe(image);
    const size = content.reduce((sum, block) => sum + (block.type === 'text' ? block.text.length : 0), 0);
    expect(size).toBeLessThan(BUDGET * 4);
  });

  it('is cut within its first line where that is too long, and between whole characters', async () => {
    const { fit } = setUp();
    const { content } = await fit([text(`a${'🂡'.repeat(10_000)}`)]);
    const [head, note] = content.map((block) => (block.type === 'text' ? block.text : ''));
    expect(head).toMatch(/^a🂡+$/u);
    expect(note).toMatch(
      /^\[the first [\d,]+ of 20,001 characters are shown; all of it is in .*"paths":\["[^"]*"\]\}\]$/,
    );
  });

  it('counts its lines as read_file does: a final newline begins none', async () => {
    const { fit } = setUp();
    const { content } = await fit([text(`${LINES.join('\n')}\n`)]);
    expect(content[1]).toMatchObject({ text: expect.stringContaining(' of 1,000 are shown') as string });
  });

  it('may be one of many links', async () => {
    const { fit, kept } = setUp();
    const links = LINES.map((name): Content => ({ type: 'resource_link', uri: 'file://x', name }));
    const few = [text('two'), ...links.slice(0, 2)];
    expect((await fit(few)).content).toBe(few);
    const { content } = await fit(links);
    expect(content.map(({ type }) => type)).toEqual(['text', 'text', 'resource_link']);
    expect(textOf(kept[0]?.content).split('\n')).toEqual(links.map((link) => JSON.stringify(link)));
  });

  it('is JSON where it looks so, and counts what stands in embedded resources', async () => {
    const { fit, kept } = setUp();
    const resource = { uri: 'file://x', text: JSON.stringify(LINES) };
    await fit([{ type: 'resource', resource }]);
    expect(kept).toMatchObject([{ name: 'list_orders.json', mimeType: 'application/json' }]);
  });

  it('is not put away for who could not read it', async () => {
    const { fit, kept } = setUp({ scopes: ['web:fetch'] });
    const { content } = await fit([text(LINES.join('\n'))]);
    expect(kept).toEqual([]);
    expect(content).toHaveLength(2);
    expect(content[1]).toEqual(
      text(expect.stringMatching(/^\[lines 1-\d+ of 1,000 are shown; ask for less\]$/) as string),
    );
  });

  it.each([
    [
      new AppError('FILE_TOO_LARGE', 'The scratch area is full.'),
      'the rest could not be kept: The scratch area is full; ask for less]',
      0,
    ],
    [new Error('ENOSPC /var/lib'), 'are shown; ask for less]', 1],
  ])('is still shown in part where it cannot be put away: %s', async (failure, note, logged) => {
    const { fit, telemetry } = setUp({ failure });
    const { content } = await fit([text(LINES.join('\n'))]);
    expect(content[1]).toEqual(text(expect.stringContaining(note) as string));
    expect(JSON.stringify(content)).not.toContain('/var/lib');
    expect(telemetry.lines.filter(({ level }) => level === 'error')).toHaveLength(logged);
  });
});

describe('data that are too large', () => {
  const rows = LINES.map((line) => ({ line }));

  it('are an error that says where they are, as half of them would not fit their schema', async () => {
    const { fit, kept } = setUp();
    await expect(fit([text('short')], { rows })).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
      message: expect.stringMatching(
        /^list_orders did its work, .* All of it is in \/\.scratch\/list_orders\.json until/,
      ) as string,
      next: 'read_file {"paths":["/.scratch/list_orders.json"]}',
    });
    expect(JSON.parse(textOf(kept[0]?.content))).toEqual({ rows });
  });

  it('are an error that asks for less where they cannot be read', async () => {
    const { fit } = setUp({ scopes: [] });
    await expect(fit([text('short')], { rows })).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
      next: 'call list_orders for less at a time',
    });
  });
});

describe('content that is no text', () => {
  const half = 'A'.repeat(2_000_000);
  const blocks: readonly [string, Content][] = [
    ['images', { type: 'image', data: half, mimeType: 'image/png' }],
    ['sound', { type: 'audio', data: half, mimeType: 'audio/wav' }],
    ['resources', { type: 'resource', resource: { uri: 'file://x', blob: half } }],
  ];

  it.each(blocks)('is bounded in all: %s', async (_what, block) => {
    const { fit } = setUp();
    const content = [block, block];
    expect((await fit(content)).content).toBe(content);
    await expect(
      fit([...content, { type: 'image', data: 'AAAA', mimeType: 'image/png' }]),
    ).rejects.toMatchObject({
      code: 'FILE_TOO_LARGE',
      message:
        'list_orders did its work, but its images and other binary content come to 3.0 MB; one result may hold 3.0 MB.',
      next: 'call list_orders for less at a time',
    });
  });
});
