import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { HealthCheck, HealthReport } from '../../../../src/core/health.ts';
import { makeFolder, openTools } from '../../../fixtures/file-tools.ts';

async function setUp(options: { checks?: HealthCheck[]; readOnly?: boolean; workspace?: string } = {}) {
  const { workspace = await makeFolder({ 'a.txt': '' }), ...rest } = options;
  const tools = await openTools(workspace, rest);
  const info = async (args: object, scopes: readonly string[] = ['files:read']) => {
    const { structuredContent, content } = await tools.call('info', args, { scopes });
    expect(content).toEqual([{ type: 'text', text: JSON.stringify(structuredContent) }]);
    return structuredContent ?? {};
  };
  return { workspace, tools, info };
}

function check(name: string, look: () => Promise<HealthReport>): HealthCheck {
  return { name, check: look };
}

describe('info', () => {
  it('tells version, own scopes, tools, sources and limits in short', async () => {
    const { info } = await setUp();
    expect(await info({})).toEqual({
      name: 'fairlead',
      version: '1.2.3',
      section: 'summary',
      read_only: false,
      scopes: ['files:read'],
      problems: [],
      available_tools: ['info', 'list_files', 'read_file', 'search_files'],
      sources: [
        { name: 'workspace', kind: 'workspace', path: '/', uri: 'fairlead://workspace/', state: 'ok' },
        { name: 'files', kind: 'files', state: 'ok' },
      ],
      limits: expect.objectContaining({
        output_tokens: 10_000,
        read_lines: 2000,
        search_seconds: 20,
      }) as object,
    });
  });

  it('tells each caller of its own scopes only', async () => {
    const { info } = await setUp();
    expect(await info({}, [])).toMatchObject({ scopes: [], available_tools: ['info'] });
    expect(await info({}, ['files:write'])).toMatchObject({ scopes: ['files:write'] });
    expect(await info({ section: 'tools' }, [])).toMatchObject({
      tools: expect.arrayContaining([
        expect.objectContaining({ name: 'info', scopes: [], available: true }),
        expect.objectContaining({ name: 'list_files', scopes: ['files:read'], available: false }),
      ]) as unknown[],
    });
  });

  it('tells the versions of what the tools run on', async () => {
    const { info } = await setUp();
    expect(await info({ section: 'config' })).toMatchObject({
      components: { node: process.versions.node, ripgrep: expect.stringMatching(/^\d+\.\d+/) as string },
      parts: [
        { name: 'workspace', state: 'ok' },
        { name: 'data:files', state: 'ok' },
      ],
    });
  });

  it('tells of parts that fail, of those added later, and of checks that fail themselves or hang', async () => {
    const checks = [
      check('store', () => Promise.resolve({ status: 'degraded', detail: 'the disk is nearly full' })),
      check('broken', () => Promise.reject(new Error('/private/place'))),
      check('stuck', () => new Promise(() => undefined)),
    ];
    const { info } = await setUp({ checks });
    const told = await info({ section: 'config' });
    expect(told['parts']).toEqual([
      { name: 'store', state: 'degraded', detail: 'the disk is nearly full' },
      { name: 'broken', state: 'failed', detail: 'the check itself failed' },
      { name: 'stuck', state: 'failed', detail: 'does not answer' },
      { name: 'workspace', state: 'ok' },
      { name: 'data:files', state: 'ok' },
    ]);
    expect(told['problems']).toContain('store is degraded: the disk is nearly full');
    expect(JSON.stringify(told)).not.toContain('/private/place');
  });

  it('asks the parts only once in a while, however often it is called', async () => {
    let asked = 0;
    const counting = check('store', () => {
      asked++;
      return Promise.resolve({ status: 'ok' });
    });
    const { info } = await setUp({ checks: [counting] });
    await Promise.all(Array.from({ length: 50 }, () => info({})));
    await info({ section: 'sources' });
    expect(asked).toBe(1);
  });

  it('shows a workspace that cannot be reached, and not where it should be', async () => {
    const base = await makeFolder();
    const { info } = await setUp({ workspace: join(base, 'missing') });
    const told = await info({ section: 'sources' });
    expect(told['sources']).toMatchObject([{ name: 'workspace', state: 'degraded' }, { name: 'files' }]);
    expect(told['problems']).toEqual(['workspace is degraded: the workspace folder cannot be reached']);
    expect(JSON.stringify(told)).not.toContain(base);
  });

  it.each(['summary', 'tools', 'sources', 'config'])(
    'keeps to its published schema in section %s',
    async (section) => {
      const { info, tools } = await setUp();
      const schema = tools.tools.find(({ name }) => name === 'info')?.outputSchema;
      const validator = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
      expect(validator.safeParse(await info({ section })).error).toBeUndefined();
      expect(validator.safeParse({ section }).success).toBe(false);
    },
  );

  it('names no place of the machine', async () => {
    const { info, workspace } = await setUp();
    for (const section of ['summary', 'tools', 'sources', 'config']) {
      expect(JSON.stringify(await info({ section }))).not.toContain(workspace);
    }
  });
});

describe('the check of the workspace', () => {
  it('is well, or tells what is wrong without the place', async () => {
    const base = await makeFolder({ 'file.txt': '', 'folder/': '' });
    const report = async (path: string) => {
      const [workspaceCheck] = (await openTools(join(base, path))).checks;
      return workspaceCheck?.check();
    };
    expect(await report('folder')).toEqual({ status: 'ok' });
    expect(await report('file.txt')).toEqual({ status: 'degraded', detail: 'the workspace is no folder' });
    expect(await report('missing')).toEqual({
      status: 'degraded',
      detail: 'the workspace folder cannot be reached',
    });
  });
});
