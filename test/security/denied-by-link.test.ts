import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools, toolCall } from '../fixtures/file-tools.ts';

const FILES = { 'finance/payroll/x.csv': 'needle', 'finance/pay.csv': 'needle', 'finance/open.md': 'x' };

describe('what is denied by its path, asked for under the path of a link', () => {
  async function setUp() {
    const workspace = await makeFolder(FILES);
    await symlink('finance', join(workspace, 'way'));
    return openTools(workspace, { files: { deny: ['finance/pay*'] } });
  }

  it('is not listed, counted, found or completed', async () => {
    const tools = await setUp();
    expect(await tools.text('list_files', { path: '/way', include_ignored: true })).toBe(
      '/way\n  open.md  1 B\n[1 entry; end of the listing]',
    );
    expect(await tools.text('list_files', { path: '/way' })).toMatch(/1 file and 0 folders; end of/);
    expect(await tools.text('list_files', { path: '/way', glob: '*.csv' })).toMatch(/^\[0 entries of 0/);
    expect(await tools.text('search_files', { path: '/way', pattern: 'needle' })).toMatch(/^\[nothing found/);
    expect(await tools.resources.complete(toolCall(), 'path', 'way/')).toEqual(['way/open.md']);
  });

  it.each([
    ['read_file', { paths: ['/way/pay.csv'] }, 'PATH_NOT_FOUND'],
    ['write_file', { path: '/way/pay.csv', content: 'x', if_exists: 'overwrite' }, 'FORBIDDEN'],
    ['write_file', { path: '/way/payments.csv', content: 'x' }, 'FORBIDDEN'],
    ['move_file', { from: '/way/pay.csv', to: '/x' }, 'PATH_NOT_FOUND'],
    ['move_file', { from: '/way/payroll', to: '/x', copy: true }, 'PATH_NOT_FOUND'],
    ['delete_file', { path: '/way/payroll', recursive: true }, 'PATH_NOT_FOUND'],
  ])('is out of reach of %s %j', async (tool, args, code) => {
    const tools = await setUp();
    const refused = await tools.failure(tool, args);
    expect(refused.code).toBe(code);
    expect(`${refused.next ?? ''} ${refused.message.replace(/^There is no "[^"]*"/, '')}`).not.toMatch(
      /payroll/,
    );
  });

  it('is left out of a copy', async () => {
    const tools = await setUp();
    expect(await tools.text('move_file', { from: '/way', to: '/copy', copy: true })).toContain(
      ': 2 files and',
    );
    expect(await tools.text('list_files', { path: '/copy', include_ignored: true })).toContain('[1 entry;');
  });
});
