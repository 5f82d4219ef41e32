import { execFileSync } from 'node:child_process';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools } from '../../../fixtures/file-tools.ts';

const EDITS = [{ old_text: 'nope', new_text: 'b' }];

describe('a name that is not plain', () => {
  it.each([
    ['a line break', Buffer.from('new\nline'), 'new%0Aline'],
    ['a byte that is not UTF-8', Buffer.from('caf\xe9', 'latin1'), 'caf%E9'],
    ['a space in front', Buffer.from(' lead'), '%20lead'],
    ['a turn of the reading direction', Buffer.from('a\u202eb'), 'a%E2%80%AEb'],
  ])('is told in errors as the URI by which it is reached: %s', async (_what, name, encoded) => {
    const workspace = await makeFolder();
    const folder = Buffer.concat([Buffer.from(`${workspace}/`), name]);
    await mkdir(folder);
    await writeFile(Buffer.concat([folder, Buffer.from('/x.txt')]), 'one\n');
    const tools = await openTools(workspace);
    const uri = `fairlead://workspace/${encoded}`;
    const file = `${uri}/x.txt`;
    const calls: [string, object, string][] = [
      ['read_file', { paths: [file], start_line: 9 }, `read_file {"paths":["${file}"],"start_line":1}`],
      ['read_file', { paths: [`${uri}/x.tx`] }, `read_file {"paths":["${file}"]}`],
      ['read_file', { paths: [`${uri}/other`] }, `list_files {"path":"${uri}"}`],
      ['read_file', { paths: [uri] }, `list_files {"path":"${uri}"}`],
      ['write_file', { path: uri, content: '' }, `list_files {"path":"${uri}"}`],
      ['write_file', { path: `${file}/a`, content: '' }, `list_files {"path":"${uri}"}`],
      ['edit_file', { path: file, edits: EDITS }, `read_file {"paths":["${file}"]}`],
    ];
    for (const [tool, args, next] of calls) {
      const refused = await tools.failure(tool, args);
      expect(refused.next).toContain(next);
      expect(`${refused.message} ${refused.next ?? ''}`).toMatch(/^[\x20-\x7e]*$/);
    }
  });
});

describe('what is no file', () => {
  it('is neither read nor written, and keeps nobody waiting', async () => {
    const workspace = await makeFolder({ 'dir/x': '' });
    execFileSync('mkfifo', [join(workspace, 'dir/fifo')]);
    await symlink('fifo', join(workspace, 'dir/link'));
    const tools = await openTools(workspace);
    for (const path of ['/dir/fifo', '/dir/link']) {
      for (const [tool, args] of [
        ['read_file', { paths: [path] }],
        ['write_file', { path, content: 'x', if_exists: 'overwrite' }],
        ['edit_file', { path, edits: EDITS }],
        ['move_file', { from: path, to: '/copy', copy: true }],
      ] as const) {
        expect(await tools.failure(tool, args)).toMatchObject({
          code: 'NOT_TEXT',
          message: `"${path}" is a FIFO, a socket or a device, not a file.`,
          next: 'list_files {"path":"/dir"} shows what lies beside it',
        });
      }
    }
    await tools.text('move_file', { from: '/dir', to: '/moved' });
    await tools.text('delete_file', { path: '/moved/fifo' });
    expect(await readdir(join(workspace, 'moved'))).toEqual(['link', 'x']);
  });
});

describe('a path through very many folders', () => {
  it('is not made, and is soon known not to exist', async () => {
    const tools = await openTools(await makeFolder());
    const path = `/${'a/'.repeat(1900)}x`;
    const refused = await tools.failure('write_file', { path, content: '' });
    expect(refused.code).toBe('INVALID_ARGUMENT');
    expect(refused.message).toContain('lies in more than 50 new folders');
    expect((await tools.failure('read_file', { paths: [path] })).next).toBe('list_files {"path":"/"}');
  });
});
