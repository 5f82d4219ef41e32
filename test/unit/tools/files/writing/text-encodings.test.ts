import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools } from '../../../../fixtures/file-tools.ts';
import { SHORT_TEXTS } from '../../../../fixtures/short-texts.ts';

const PATH = '/x.txt';

async function setUp(bytes: Buffer) {
  const workspace = await makeFolder({ 'x.txt': bytes });
  const tools = await openTools(workspace);
  const args = (edits: object[], more: object): object => ({ path: PATH, edits, ...more });
  return {
    tools,
    edit: (edits: object[], more: object = {}) => tools.text('edit_file', args(edits, more)),
    refused: (edits: object[], more: object = {}) => tools.failure('edit_file', args(edits, more)),
    append: (content: string) => ({ path: PATH, content, if_exists: 'append' }),
    bytes: () => readFile(join(workspace, 'x.txt')),
  };
}

// A greeting in Thai, and a name in Chinese that is one character: nothing tells them from Western text.
const THAI = iconv.encode('สวัสดีครับ: 100\n', 'windows-874');
const ONE_CHARACTER = iconv.encode('user=王\nsize=10\n', 'gb18030');

describe('short texts in old encodings', () => {
  it.each(SHORT_TEXTS)('are edited in %s: %j', async (encoding, text) => {
    const { edit, bytes } = await setUp(iconv.encode(text, encoding));
    const first = Array.from(text).find((character) => character > '\x7f') ?? '';
    await edit([{ old_text: text, new_text: `${first}2${text}` }]);
    expect(await bytes()).toEqual(iconv.encode(`${first}2${text}`, encoding));
  });

  it.each(SHORT_TEXTS)('are added to in %s: %j', async (encoding, text) => {
    const { tools, append, bytes } = await setUp(iconv.encode(text, encoding));
    await tools.text('write_file', append(text));
    expect(await bytes()).toEqual(iconv.encode(text + text, encoding));
  });
});

describe('a text in an encoding that cannot be told', () => {
  it('is edited in the encoding that is named', async () => {
    const { edit, bytes } = await setUp(ONE_CHARACTER);
    const said = await edit([{ old_text: '王', new_text: '李' }], { encoding: 'GBK' });
    expect(said).toContain('-user=王\n+user=李\n');
    expect(said).toContain('gbk kept');
    expect(await bytes()).toEqual(iconv.encode('user=李\nsize=10\n', 'gb18030'));
  });

  it('is not searched in vain without a word about the encoding', async () => {
    const { refused } = await setUp(ONE_CHARACTER);
    const error = await refused([{ old_text: 'user=王', new_text: 'user=李' }]);
    expect(error.code).toBe('EDIT_NO_MATCH');
    expect(error.message).toContain(
      'old_text is not in "/x.txt", which was read as windows-1252, a guess. Nothing was changed. Nearest: line 1;',
    );
    expect(error.next).toMatch(
      /^read_file \{.*if the text is garbled there, name its encoding in both calls, such as "gb18030" or "shift_jis"$/,
    );
    const ascii = await refused([{ old_text: 'user=x', new_text: 'y' }]);
    expect(ascii.message).not.toContain('windows-1252');
    const named = await refused([{ old_text: '李', new_text: 'y' }], { encoding: 'gb18030' });
    expect(named.message).toContain('which was read as gb18030.');
    expect(named.next).not.toContain('garbled');
  });

  it.each([
    ['Thai', THAI],
    ['one Chinese character', ONE_CHARACTER],
  ])('gets no new characters that it might not have: %s', async (_what, before) => {
    const { edit, refused, tools, append, bytes } = await setUp(before);
    const error = await refused([{ old_text: '10', new_text: '€10' }]);
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message:
        '"/x.txt" may be written in windows-1252, but that is a doubtful guess, so "€" could be written wrongly. Nothing was changed.',
      next: 'read_file {"paths":["/x.txt"],"encoding":"windows-1252"} shows whether the text reads right in it, else try another; then edit_file {"path":"/x.txt","encoding":"windows-1252"}, or with that other one, and the same edits',
    });
    const appending = await tools.failure('write_file', append('€\n'));
    expect(appending.code).toBe('INVALID_ARGUMENT');
    expect(appending.next).toContain('then edit_file {"path":"/x.txt","encoding":"windows-1252"}');
    expect(await bytes()).toEqual(before);
    // What is the same in all of them is taken, and what the caller vouches for.
    await edit([{ old_text: '10', new_text: '20' }]);
    await edit([{ old_text: '20', new_text: '€20' }], { encoding: 'windows-1252' });
    expect((await bytes()).includes(Buffer.from('\x8020', 'latin1'))).toBe(true);
  });

  it('may have the named encoding, but loses no byte for it', async () => {
    const { refused, bytes } = await setUp(THAI);
    const edits = [{ old_text: '100', new_text: '200' }];
    expect((await refused(edits, { encoding: 'utf-8' })).code).toBe('NOT_TEXT');
    const unknown = await refused(edits, { encoding: 'klingon' });
    expect(unknown.message).toBe('The encoding "klingon" is not known.');
    expect(await bytes()).toEqual(THAI);
  });
});
