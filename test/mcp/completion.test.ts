import { afterAll, describe, expect, it } from 'vitest';
import type { Prompt } from '../../src/core/prompt.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import { startMcpEndpoint } from '../fixtures/mcp-endpoint.ts';
import { createPuppet } from '../fixtures/puppet.ts';
import { ERAS } from '../fixtures/raw-mcp.ts';
import { cites } from '../requirements.ts';

const FRUIT = ['apple', 'apricot', 'avocado', 'banana'];
const MANY = Array.from({ length: 250 }, (_, index) => `item-${index}`);

const prompt = (name: string, scopes: Prompt['scopes'] = []): Prompt => ({
  name,
  title: name,
  description: `Asks for ${name}.`,
  scopes,
  arguments: [{ name: 'fruit', description: 'Which.', required: true }],
  get: () => Promise.resolve([]),
  complete: (_context, argument, typed) => {
    if (argument === 'broken') return Promise.reject(new Error('the database is at 10.0.0.7'));
    const all = argument === 'many' ? MANY : argument === 'fruit' ? FRUIT : [];
    return Promise.resolve(all.filter((value) => value.startsWith(typed)));
  },
});

const family = (prefix: string, scopes: ResourceProvider['scopes'] = []): ResourceProvider => ({
  prefix,
  scopes,
  templates: [{ uriTemplate: `${prefix}{fruit}`, name: 'fruit' }],
  list: () => Promise.resolve({ resources: [] }),
  read: () => Promise.resolve([]),
  complete: (_context, _variable, typed) => Promise.resolve(FRUIT.filter((value) => value.startsWith(typed))),
});

const puppet = createPuppet();
const endpoint = await startMcpEndpoint({
  tools: [puppet.tool],
  prompts: [prompt('market'), prompt('vault', ['files:delete'])],
  resources: [family('test://fruit/'), family('test://secret/', ['files:delete'])],
  scopes: ['files:read'],
});
const toolsOnly = await startMcpEndpoint({ tools: [puppet.tool] });
afterAll(() => Promise.all([endpoint.close(), toolsOnly.close()]));

const market = { type: 'ref/prompt', name: 'market' };
const fruit = { type: 'ref/resource', uri: 'test://fruit/{fruit}' };

describe.each(ERAS)('completion in revision %s', (revision, open) => {
  const complete = async (params: Record<string, unknown>) => {
    const client = await open(endpoint.url);
    return client.request('completion/complete', params);
  };
  const valuesOf = async (ref: object, name: string, value: string) =>
    (await (await complete({ ref, argument: { name, value } })).response()).result?.['completion'];

  it(
    cites(
      ['2025-11-25/completion/capability', '2026-07-28/completion/capability'],
      'is declared where there is something to complete, and only there',
    ),
    async () => {
      for (const [{ url }, expected] of [
        [endpoint, {}],
        [toolsOnly, undefined],
      ] as const) {
        const client = await open(url);
        const declared =
          'server' in client
            ? (client.server as Record<string, unknown>)
            : (await (await client.request('server/discover')).response()).result;
        expect((declared?.['capabilities'] as Record<string, unknown>)['completions']).toEqual(expected);
      }
    },
  );

  it(
    cites(
      ['2025-11-25/completion/sorted', '2026-07-28/completion/sorted'],
      'keeps the order in which the values are best',
    ),
    async () => {
      expect(await valuesOf(market, 'fruit', 'a')).toEqual({
        values: ['apple', 'apricot', 'avocado'],
        hasMore: false,
      });
      expect(await valuesOf(fruit, 'fruit', 'ap')).toEqual({ values: ['apple', 'apricot'], hasMore: false });
      expect(await valuesOf(fruit, 'fruit', 'zzz')).toEqual({ values: [], hasMore: false });
    },
  );

  it('answers a hundred values at most, and says that there are more', async () => {
    expect(await valuesOf(market, 'many', '')).toEqual({ values: MANY.slice(0, 100), hasMore: true });
  });

  it(
    cites(
      [
        '2025-11-25/completion/error-codes',
        '2025-11-25/completion/inputs-checked',
        '2025-11-25/completion/inputs-validated',
        '2026-07-28/completion/error-codes',
        '2026-07-28/completion/inputs-checked',
        '2026-07-28/completion/inputs-validated',
      ],
      'answers what makes no sense with the codes of JSON-RPC',
    ),
    async () => {
      const argument = { name: 'fruit', value: 'a' };
      const wrong = [
        { ref: { type: 'ref/prompt', name: 'no such' }, argument },
        { ref: { type: 'ref/resource', uri: 'test://no/such' }, argument },
        { ref: { type: 'ref/tool', name: 'do_work' }, argument },
        { ref: { type: 'ref/prompt' }, argument },
        { ref: market },
        { argument },
        { ref: market, argument: { name: 'fruit' } },
        { ref: market, argument: { name: 'fruit', value: 7 } },
        { ref: market, argument: { name: null, value: 'a' } },
        {},
      ];
      for (const params of wrong) {
        const { error } = await (await complete(params)).response();
        expect(error?.code, JSON.stringify(params)).toBe(-32602);
      }
      const broken = await (
        await complete({ ref: market, argument: { name: 'broken', value: '' } })
      ).response();
      expect(broken.error?.code).toBe(-32603);
      expect(JSON.stringify(broken)).not.toContain('10.0.0.7');
      const client = await open(toolsOnly.url);
      const none = await (await client.request('completion/complete', { ref: market, argument })).response();
      expect(none.error?.code).toBe(-32601);
    },
  );

  it(
    cites(
      [
        '2025-11-25/completion/access-controlled',
        '2025-11-25/completion/no-disclosure',
        '2026-07-28/completion/access-controlled',
        '2026-07-28/completion/no-disclosure',
      ],
      'is for those who may see what is completed',
    ),
    async () => {
      const refs = [
        { type: 'ref/prompt', name: 'vault' },
        { type: 'ref/resource', uri: 'test://secret/{fruit}' },
      ];
      for (const ref of refs) {
        const answer = await complete({ ref, argument: { name: 'fruit', value: 'a' } });
        expect(answer.status === 403 || (await answer.response()).error !== undefined, revision).toBe(true);
        expect(answer.text).not.toMatch(/apple|apricot/);
      }
    },
  );
});
