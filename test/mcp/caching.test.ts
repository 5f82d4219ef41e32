import { afterAll, describe, expect, it } from 'vitest';
import type { Prompt } from '../../src/core/prompt.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { answerOf, modernMeta, startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { cites } from '../requirements.ts';

const notes: ResourceProvider = {
  prefix: 'test://notes/',
  scopes: [],
  templates: [{ uriTemplate: 'test://notes/{id}', name: 'note' }],
  list: () => Promise.resolve({ resources: [{ uri: 'test://notes/1', name: '1' }] }),
  read: (_context, uri) => Promise.resolve([{ uri, text: 'a note' }]),
  complete: () => Promise.resolve([]),
};

const greeting: Prompt = {
  name: 'greet',
  title: 'Greet',
  description: 'Greets.',
  scopes: [],
  arguments: [],
  get: () => Promise.resolve([]),
  complete: () => Promise.resolve([]),
};

const endpoint = await startMcpEndpoint({
  resources: [notes],
  prompts: [greeting],
  options: { listTtlMs: 60_000, resourceTtlMs: 5000 },
});
afterAll(() => endpoint.close());

const READ = { uri: 'test://notes/1' };

describe('a result that clients may keep', () => {
  it.each([
    ['server/discover', {}, 60_000, 'public'],
    ['tools/list', {}, 60_000, 'private'],
    // Slightly unusual, and so not answered from what was written once.
    ['tools/list', { _meta: { ...modernMeta, progressToken: 1 } }, 60_000, 'private'],
    ['prompts/list', {}, 60_000, 'private'],
    ['resources/templates/list', {}, 60_000, 'private'],
    ['resources/list', {}, 5000, 'private'],
    ['resources/read', READ, 5000, 'private'],
  ])(
    cites(
      ['2026-07-28/caching/hints', '2026-07-28/caching/ttl-not-negative'],
      'says so for %s: how long and for whom',
    ),
    async (method, params, ttlMs, cacheScope) => {
      const { result } = await answerOf(await endpoint.modern(method, params));
      expect(result).toMatchObject({ ttlMs, cacheScope });
    },
  );

  it.each([
    ['prompts/get', { name: 'greet' }],
    [
      'completion/complete',
      { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'a', value: '' } },
    ],
  ])('does not say so for %s, which depends on more than its parameters', async (method, params) => {
    const { result } = await answerOf(await endpoint.modern(method, params));
    expect(result).not.toHaveProperty('ttlMs');
    expect(result).not.toHaveProperty('cacheScope');
  });

  it.each([
    ['tools/list', {}],
    ['tools/list', { _meta: { progressToken: 1 } }],
    ['prompts/list', {}],
    ['resources/templates/list', {}],
    ['resources/list', {}],
    ['resources/read', READ],
  ])('says nothing of it to clients of older revisions in %s', async (method, params) => {
    const { result } = await answerOf(await endpoint.legacy(method, params));
    expect(result).toBeTypeOf('object');
    expect(result).not.toHaveProperty('ttlMs');
    expect(result).not.toHaveProperty('cacheScope');
  });

  it('is stale at once by default where it is what a file holds', async () => {
    const other = await startMcpEndpoint({ resources: [notes] });
    const { result } = await answerOf(await other.modern('resources/read', READ));
    expect(result).toMatchObject({ ttlMs: 0, cacheScope: 'private' });
    await other.close();
  });
});
