import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { OPT_IN } from '../../scripts/opt-in-tools.ts';
import { isScope } from '../../src/core/scopes.ts';
import type { Tool } from '../../src/core/tool.ts';
import { callTool } from '../../src/mcp/discovery/call-tool.ts';
import { searchTools } from '../../src/mcp/discovery/search-tools.ts';
import { makeFolder, openTools } from '../fixtures/file-tools.ts';
import { declaredTools } from '../fixtures/tools-context.ts';

async function builtin(readOnly = false): Promise<readonly Tool[]> {
  return (await declaredTools({ readOnly })).tools;
}

const tools = await builtin();
const optIn = (await declaredTools(OPT_IN)).tools.filter(
  ({ name }) => !tools.some((tool) => tool.name === name),
);

const discovery = [searchTools(tools, []), callTool([...tools, ...optIn])];
const all = [...tools, ...optIn, ...discovery].map((tool) => [tool.name, tool] as const);

/** As `tools/list` tells a tool. */
function surface({ name, title, description, inputSchema, outputSchema, annotations }: Tool): object {
  return { name, title, description, inputSchema, ...(outputSchema && { outputSchema }), annotations };
}

function fieldsOf(schema: object | undefined): [string, Record<string, unknown>][] {
  const properties = (schema as { properties?: Record<string, Record<string, unknown>> } | undefined)
    ?.properties;
  return Object.entries(properties ?? {});
}

describe.each(all)('%s', (name, tool) => {
  it('is offered as it was agreed: a change of its surface is a change of this file', async () => {
    const { scopes, effect, timeoutMs } = tool;
    await expect(
      `${JSON.stringify({ ...surface(tool), scopes, effect, timeoutMs }, null, 2)}\n`,
    ).toMatchFileSnapshot(`__snapshots__/tools/${name}.json`);
  });

  it('has a title, one paragraph of description, known scopes and a bounded time', () => {
    expect(tool.title).not.toBe('');
    expect(tool.description).toMatch(/^[A-Z].{100,1500}\.$/);
    expect(tool.description).not.toContain('\n');
    expect(tool.scopes.every((scope) => isScope(scope))).toBe(true);
    expect(tool.timeoutMs).toBeGreaterThan(0);
    expect(tool.timeoutMs).toBeLessThanOrEqual(600_000);
  });

  it('sets every hint, in agreement with its effect', () => {
    expect(tool.annotations).toEqual({
      title: tool.title,
      readOnlyHint: tool.effect === 'read',
      destructiveHint: tool.effect === 'destroy',
      idempotentHint: expect.any(Boolean) as boolean,
      openWorldHint: expect.any(Boolean) as boolean,
    });
  });

  it('describes every field, has one type for each, and takes no others', () => {
    for (const schema of [tool.inputSchema, tool.outputSchema]) {
      expect(JSON.stringify(schema ?? {})).not.toMatch(/"(anyOf|oneOf|allOf|\$ref)":|"type":\[/);
      for (const [field, { description }] of fieldsOf(schema)) {
        expect(description, field).toMatch(/^.{8,}\.$/s);
      }
    }
    expect(tool.inputSchema['additionalProperties']).toBe(false);
  });

  it('names each parameter in snake_case and gives optional ones a default or no say', () => {
    const required = new Set(tool.inputSchema['required'] as string[] | undefined);
    for (const [field, schema] of fieldsOf(tool.inputSchema)) {
      expect(field).toMatch(/^[a-z]+(_[a-z]+)*$/);
      if (required.has(field)) expect(schema).not.toHaveProperty('default');
    }
  });

  it('refuses an unknown parameter', () => {
    expect(() => tool.bind({ unheard_of: 1 })).toThrow(/unknown parameter "unheard_of"/);
  });
});

describe('the default tools', () => {
  it('fit into 4,000 tokens of a common tokenizer as a list', () => {
    expect(countTokens(JSON.stringify({ tools: tools.map((tool) => surface(tool)) }))).toBeLessThan(4000);
  });

  it('come in the same order with the same words each time', async () => {
    expect(JSON.stringify((await builtin()).map((tool) => surface(tool)))).toBe(
      JSON.stringify(tools.map((tool) => surface(tool))),
    );
  });

  it('are all there in read-only mode but for those that change something', async () => {
    expect((await builtin(true)).map(({ name }) => name)).toEqual(
      tools.filter(({ effect }) => effect === 'read').map(({ name }) => name),
    );
  });

  it('answer the same call with the same text', async () => {
    const notes = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => [`d${index % 7}/f${index}.txt`, 'needle\nhay\n']),
    );
    const workspace = await makeFolder({ ...notes, 'table.csv': 'id,name\n1,Ada\n2,Bo\n' });
    const bench = await openTools(workspace);
    const calls: [string, object][] = [
      ['list_files', { path: '/', depth: 3 }],
      ['list_files', { path: '/', glob: '*.txt', sort: 'size' }],
      ['search_files', { pattern: 'needle' }],
      ['search_files', { pattern: 'needle', mode: 'count', max_results: 500 }],
      ['read_file', { paths: ['/d0/f0.txt', '/d1/f1.txt'] }],
      ['query_data', { sql: "FROM '/table.csv' ORDER BY name" }],
      ['describe_data', { source: 'files', detail: 'full', diagram: true, sample_rows: 2 }],
    ];
    for (const [name, args] of calls) {
      const answers = await Promise.all([1, 2, 3].map(() => bench.text(name, args)));
      expect(new Set(answers).size, name).toBe(1);
    }
  });

  it('never tell a place of the machine', async () => {
    const workspace = await makeFolder({
      'a/b.txt': 'x\n',
      't.csv': 'id\n1\n',
      'bin.dat': Buffer.from([0, 1]),
    });
    const bench = await openTools(workspace);
    const calls: [string, object][] = [
      ['list_files', { path: '/' }],
      ['list_files', { path: '/nope' }],
      ['list_files', { path: '/a/b.txt/c' }],
      ['read_file', { paths: ['/a/b.txt'] }],
      ['read_file', { paths: ['/a'] }],
      ['read_file', { paths: ['/bin.dat'] }],
      ['read_file', { paths: [`${workspace}/a/b.txt`] }],
      ['search_files', { pattern: 'x' }],
      ['search_files', { pattern: '(', regex: true }],
      ['search_files', { pattern: 'x', path: '../..' }],
      ['query_data', { sql: "FROM '/t.csv'" }],
      ['query_data', { sql: "SELECT nope FROM '/t.csv'", explain: true }],
      ['query_data', { sql: "SELECT filename FROM read_csv('/t.csv', filename = true)" }],
      ['query_data', { sql: "FROM '/nope.parquet'" }],
      ['query_data', { sql: "FROM '/bin.dat'" }],
      ['query_data', { sql: "FROM read_parquet('/t.csv')" }],
      ['describe_data', { source: 'files', path: '/a', detail: 'full', sample_rows: 1 }],
      ['export_data', { sql: "FROM '/t.csv'", path: '/a/b.txt', format: 'csv' }],
      ['info', { section: 'config' }],
    ];
    for (const [name, args] of calls) {
      const said = await bench.text(name, args).catch((error: unknown) => {
        const { message, next } = error as { message: string; next?: string };
        return `${message} ${next ?? ''}`;
      });
      const echoed = JSON.stringify(args).includes(workspace);
      if (!echoed) expect(said, name).not.toContain(workspace);
      expect(said, name).not.toContain('/proc/');
    }
  });
});
