import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { text } from '../../src/core/content.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { defineTool } from '../../src/core/tool.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { modernClient } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const tool = (name: string, scopes: ResourceProvider['scopes'] = []) =>
  defineTool({
    name,
    title: name,
    description: `Does ${name}.`,
    scopes,
    effect: 'read',
    input: z.object({}),
    run: () => Promise.resolve({ content: [text(name)] }),
  });

const setup = {
  tools: [tool('one'), tool('two'), tool('three'), tool('hidden', ['files:delete'])],
  options: { listPageSize: 1 },
};
const [reader, owner] = await Promise.all([
  startMcpEndpoint({ ...setup, scopes: ['files:read'] }),
  startMcpEndpoint({ ...setup, scopes: ['files:read', 'files:delete'] }),
]);
afterAll(() => Promise.all([reader.close(), owner.close()]));

async function pagesOf(url: string) {
  const client = modernClient(url);
  const pages: Record<string, unknown>[] = [];
  let cursor: unknown;
  do {
    const params = cursor === undefined ? {} : { cursor };
    const { result = {} } = await (await client.request('tools/list', params)).response();
    pages.push(result);
    cursor = result['nextCursor'];
  } while (cursor !== undefined);
  return pages;
}

describe('the scope of a cache', () => {
  it(
    cites(
      ['2026-07-28/caching/pages-same-scope', '2026-07-28/caching/pages-private'],
      'is the same on all pages of a list',
    ),
    async () => {
      const pages = await pagesOf(owner.url);
      expect(pages).toHaveLength(4);
      expect(new Set(pages.map((page) => page['cacheScope']))).toEqual(new Set(['private']));
      for (const page of pages) expect(page['ttlMs']).toBeGreaterThanOrEqual(0);
    },
  );

  it(
    cites(['2026-07-28/caching/public-shared'], 'is public only where every caller is told the same'),
    async () => {
      const discoveries = await Promise.all(
        [reader, owner].flatMap(({ url }) =>
          [{}, { 'x-subject': 'mallory' }].map(async (headers) => {
            const client = modernClient(url, { headers });
            return (await (await client.request('server/discover', {}, {}, 1)).response()).result;
          }),
        ),
      );
      for (const discovery of discoveries) {
        expect(discovery).toMatchObject({ cacheScope: 'public' });
        expect(discovery).toEqual(discoveries[0]);
      }
    },
  );

  it(
    cites(
      ['2026-07-28/caching/access-controlled', '2026-07-28/caching/scope-no-control'],
      'decides on no access: what one caller may not see is refused, whoever has a copy',
    ),
    async () => {
      expect(JSON.stringify(await pagesOf(owner.url))).toContain('hidden');
      expect(JSON.stringify(await pagesOf(reader.url))).not.toContain('hidden');
      const call = { name: 'hidden', arguments: {} };
      expect((await modernClient(reader.url).request('tools/call', call)).status).toBe(403);
      expect((await modernClient(owner.url).request('tools/call', call)).status).toBe(200);
    },
  );
});
