import { readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools } from '../../../../fixtures/file-tools.ts';

async function setUp(content: string | Buffer, name = 'x.txt') {
  const workspace = await makeFolder({ [name]: content });
  const tools = await openTools(workspace);
  const file = join(workspace, name);
  const edit = (edits: unknown, more: object = {}): Promise<string> =>
    tools.text('edit_file', { path: `/${name}`, edits, ...more });
  const failure = (edits: unknown, more: object = {}) =>
    tools.failure('edit_file', { path: `/${name}`, edits, ...more });
  return {
    workspace,
    tools,
    file,
    edit,
    failure,
    bytes: () => readFile(file),
    text: () => readFile(file, 'utf8'),
  };
}

describe('edit_file', () => {
  it('answers the unified diff and the new version', async () => {
    const { edit, tools } = await setUp('one\ntwo\nthree\n');
    const said = await edit([{ old_text: 'two', new_text: '2' }]);
    expect(said).toMatch(
      /^--- \/x\.txt\n\+\+\+ \/x\.txt\n@@ -1,3 \+1,3 @@\n one\n-two\n\+2\n three\n\[1 replacement in "\/x\.txt", 12 B; version=([\w-]{12})\]$/,
    );
    const version = /version=([\w-]+)/.exec(said)?.[1];
    expect(await tools.text('read_file', { paths: ['/x.txt'] })).toContain(`version=${String(version)}]`);
  });

  it('makes all edits, each on what the ones before have left, or none', async () => {
    const { edit, failure, text } = await setUp('a\nb\n');
    await edit([
      { old_text: 'a', new_text: 'c' },
      { old_text: 'c\nb', new_text: 'd' },
    ]);
    expect(await text()).toBe('d\n');
    const refused = await failure([
      { old_text: 'd', new_text: 'e' },
      { old_text: 'd', new_text: 'f' },
    ]);
    expect(refused.code).toBe('EDIT_NO_MATCH');
    expect(refused.message).toContain('edits[1]');
    expect(await text()).toBe('d\n');
  });

  it('writes nothing in a dry run', async () => {
    const { edit, text } = await setUp('a\n');
    expect(await edit([{ old_text: 'a', new_text: 'b' }], { dry_run: true })).toContain('+b\n[dry run');
    expect(await text()).toBe('a\n');
  });

  it('takes the names and forms that models use out of habit', async () => {
    const { tools, text } = await setUp('a b\n');
    const args = {
      file_path: 'x.txt',
      edits: '[{"old_string":"a","new_string":"c"},{"find":"b","replacement":"d"}]',
    };
    await tools.text('edit_file', args);
    expect(await text()).toBe('c d\n');
  });

  it.each(['$&', "$'", '$`', '$1', '$$', '\\n'])('takes %s in the new text literally', async (literal) => {
    const { edit, text } = await setUp('price: X\n');
    await edit([{ old_text: 'X', new_text: literal }]);
    expect(await text()).toBe(`price: ${literal}\n`);
  });

  it.each<[string, Buffer, object[], Buffer]>([
    [
      'CRLF, matched by plain newlines',
      Buffer.from('a\r\nb\r\nc\r\n'),
      [{ old_text: 'a\nb\n', new_text: 'a\nx\ny\n' }],
      Buffer.from('a\r\nx\r\ny\r\nc\r\n'),
    ],
    [
      'mixed line endings',
      Buffer.from('a\r\nb\nc\r\nd\ne\rf'),
      [{ old_text: 'b\nc\nd', new_text: 'b\nC\nC2\nd' }],
      Buffer.from('a\r\nb\nC\nC2\r\nd\ne\rf'),
    ],
    [
      'LF, with CRLF in the arguments',
      Buffer.from('a\nb\n'),
      [{ old_text: 'a\r\nb', new_text: 'c\r\nd' }],
      Buffer.from('c\nd\n'),
    ],
    ['no final newline', Buffer.from('a\nb'), [{ old_text: 'a', new_text: 'c' }], Buffer.from('c\nb')],
    ['a UTF-8 mark', Buffer.from('\ufeffa\n'), [{ old_text: 'a', new_text: 'é' }], Buffer.from('\ufeffé\n')],
    [
      'Latin-1',
      Buffer.from('caf\xe9 cr\xe8me br\xfbl\xe9e\x81\n', 'latin1'),
      [{ old_text: 'crème', new_text: 'pâte' }],
      Buffer.from('caf\xe9 p\xe2te br\xfbl\xe9e\x81\n', 'latin1'),
    ],
    [
      'UTF-16 LE',
      Buffer.from('\ufeffone 漢\r\ntwo\r\n', 'utf16le'),
      [{ old_text: '漢\ntwo', new_text: '字\n2\n3' }],
      Buffer.from('\ufeffone 字\r\n2\r\n3\r\n', 'utf16le'),
    ],
    [
      'UTF-16 BE',
      Buffer.from('\ufeffone 😀\n', 'utf16le').swap16(),
      [{ old_text: '😀', new_text: 'é😎' }],
      Buffer.from('\ufeffone é😎\n', 'utf16le').swap16(),
    ],
    [
      'GB18030',
      iconv.encode('中文内容测试，这是一个文件。\n第二行也有中文。\n', 'gb18030'),
      [{ old_text: '第二行', new_text: '第三行€' }],
      iconv.encode('中文内容测试，这是一个文件。\n第三行€也有中文。\n', 'gb18030'),
    ],
    [
      'a large file whose characters lie across the borders of what is read at once',
      Buffer.from(`${'漢é😀'.repeat(90_000)}X${'漢é😀'.repeat(5_000)}`),
      [{ old_text: 'X', new_text: 'ü' }],
      Buffer.from(`${'漢é😀'.repeat(90_000)}ü${'漢é😀'.repeat(5_000)}`),
    ],
  ])('keeps everything outside of the edit byte for byte: %s', async (_what, before, edits, after) => {
    const { edit, bytes } = await setUp(before);
    await edit(edits);
    expect((await bytes()).equals(after)).toBe(true);
  });

  it('refuses characters that the encoding of the file does not have, by name', async () => {
    const before = Buffer.from('caf\xe9 cr\xe8me\n', 'latin1');
    const { failure, bytes } = await setUp(before);
    const refused = await failure([{ old_text: 'crème', new_text: '漢字' }]);
    expect(refused.code).toBe('INVALID_ARGUMENT');
    expect(refused.message).toContain('windows-1252, which does not have "漢" (U+6F22), "字" (U+5B57)');
    expect(await bytes()).toEqual(before);
  });

  it.each([
    [
      'bytes that make no character',
      Buffer.concat([
        iconv.encode('中文内容测试，这是一个文件，还有更多的中文内容。', 'gb18030'),
        Buffer.of(0xff, 0x0a),
      ]),
    ],
    ['half a UTF-16 character', Buffer.concat([Buffer.from('\ufeffabc', 'utf16le'), Buffer.of(0x41)])],
    ['bytes after a UTF-8 mark that are none', Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xff])],
    ['a picture', Buffer.from('89504e470d0a1a0a0000', 'hex')],
    ['zeros', Buffer.from([0x61, 0, 0, 0, 0x62])],
  ])('refuses %s rather than lose anything', async (_what, before) => {
    const { failure, bytes } = await setUp(before);
    expect((await failure([{ old_text: 'a', new_text: 'b' }])).code).toBe('NOT_TEXT');
    expect(await bytes()).toEqual(before);
  });

  it('names all lines of a text that is there several times, and takes the one that is meant', async () => {
    const lines = Array.from({ length: 9 }, (_, index) => (index % 3 === 0 ? 'same' : `l${index}`));
    const { edit, failure, text } = await setUp(`${lines.join('\n')}\n`);
    const refused = await failure([{ old_text: 'same', new_text: 'x' }]);
    expect(refused.code).toBe('EDIT_AMBIGUOUS');
    expect(refused.message).toContain('3 times, in lines 1, 4, 7.');
    await edit([{ old_text: 'same', new_text: 'x', near_line: 5 }]);
    expect((await text()).split('\n').indexOf('x')).toBe(3);
    // Lines are those before the first edit, whatever the ones before have moved.
    await edit([
      { old_text: 'same\nl1', new_text: 'same\n1\n2\n3\n4\n5\n6\nl1' },
      { old_text: 'same', new_text: 'y', near_line: 7 },
    ]);
    expect((await text()).split('\n').indexOf('y')).toBe(12);
    const tie = await failure([{ old_text: 'l', new_text: 'z', near_line: 10 }]);
    expect(tie.code).toBe('EDIT_AMBIGUOUS');
    await edit([{ old_text: 'l', new_text: 'L', replace_all: true }]);
    expect(await text()).not.toContain('l');
  });

  it('advises no line to tell apart what stands in one', async () => {
    const { failure } = await setUp('a b a\na\n');
    const refused = await failure([{ old_text: 'a', new_text: 'x' }]);
    expect(refused.message).toContain('3 times, in lines 1, 2.');
    expect(refused.next).not.toContain('near_line');
    const again = await failure([{ old_text: 'a', new_text: 'x', near_line: 1 }]);
    expect(again.message).toContain('2 times, in line 1.');
  });

  it.each([
    [
      'the indentation',
      '  if (x) {\n    y();\n  }\n',
      'if (x) {\n  y();\n}',
      'lines 1-3; only the indentation differs:\n  if (x) {',
    ],
    ['line ends', 'a  \nb\n', 'a\nb', 'lines 1-2; only white space at line ends differs'],
    ['white space', 'a\tb c\n', 'a b  c', 'line 1; only white space differs'],
    ['quotes', 'say “hi”\n', 'say "hi"', 'line 1; only typographic quotes, dashes or spaces differ'],
    ['case', 'Hello World\n', 'hello world', 'line 1; only upper and lower case differ'],
    [
      'a line',
      'one\ntwo\nthree\nfour\n',
      'two\n3\nfour',
      'lines 2-4; 2 of 3 lines are the same:\ntwo\nthree\nfour',
    ],
    [
      'a word',
      'x\nthe quick brown fox\n',
      'the quick red fox',
      'line 2; 0 of 1 lines are the same:\nthe quick brown fox',
    ],
    ['everything', 'one\n', 'zzz', 'No line is like it.'],
  ])('shows the nearest place when the text is not there but for %s', async (_what, content, old, said) => {
    const { failure } = await setUp(content);
    const refused = await failure([{ old_text: old, new_text: 'x' }]);
    expect(refused.code).toBe('EDIT_NO_MATCH');
    expect(refused.message).toContain(said);
    expect(refused.next).toMatch(/^(read|search)_files? \{/);
  });

  it('refuses another version than the expected one', async () => {
    const { tools, file, failure, edit, text } = await setUp('a\n');
    const version = /version=([\w-]+)/.exec(await tools.text('read_file', { paths: ['/x.txt'] }))?.[1];
    await writeFile(file, 'a \n');
    const stale = await failure([{ old_text: 'a', new_text: 'b' }], { expected_version: version });
    expect(stale).toMatchObject({ code: 'STALE_FILE', next: 'read_file {"paths":["/x.txt"]}' });
    const present = /version is ([\w-]+) now/.exec(stale.message)?.[1];
    await edit([{ old_text: 'a', new_text: 'b' }], { expected_version: present });
    expect(await text()).toBe('b \n');
  });

  it.each([
    [{ path: '/nope.txt' }, 'PATH_NOT_FOUND'],
    [{ path: '/folder' }, 'INVALID_ARGUMENT'],
    [{ path: '/.env' }, 'PATH_NOT_FOUND'],
    [{ path: '/large.txt' }, 'FILE_TOO_LARGE'],
    [{ edits: [{ old_text: '', new_text: 'b' }] }, 'INVALID_ARGUMENT'],
    [{ edits: [{ old_text: 'a', new_text: 'a' }] }, 'INVALID_ARGUMENT'],
    [{ edits: [{ old_text: 'a', new_text: '\udc00' }] }, 'INVALID_ARGUMENT'],
    [{ edits: [{ old_text: 'a', new_text: 'b', replace: true }] }, 'INVALID_ARGUMENT'],
    [{ edits: Array.from({ length: 51 }, () => ({ old_text: 'a', new_text: 'b' })) }, 'INVALID_ARGUMENT'],
    [
      { path: '/many.txt', edits: [{ old_text: 'a', new_text: 'b'.repeat(9000), replace_all: true }] },
      'FILE_TOO_LARGE',
    ],
    [
      {
        path: '/many.txt',
        edits: [{ old_text: 'a'.repeat(100), new_text: 'b'.repeat(120), replace_all: true }],
      },
      'FILE_TOO_LARGE',
    ],
    [
      { path: '/many.txt', edits: [{ old_text: 'aa', new_text: 'b', replace_all: true }] },
      'INVALID_ARGUMENT',
    ],
  ])('refuses %#', async (args, code) => {
    const workspace = await makeFolder({
      ...{
        'x.txt': 'a\n',
        'folder/': '',
        '.env': 'a',
        'large.txt': 'a'.repeat(1_000_001),
        'many.txt': 'a'.repeat(900_000),
      },
    });
    const tools = await openTools(workspace);
    const call = { path: '/x.txt', edits: [{ old_text: 'a', new_text: 'b' }], ...args };
    expect((await tools.failure('edit_file', call)).code).toBe(code);
    expect(await readFile(join(workspace, 'x.txt'), 'utf8')).toBe('a\n');
  });

  it('suggests what may have been meant, and edits that', async () => {
    const { tools } = await setUp('a\n', 'docs/readme.md');
    const refused = await tools.failure('edit_file', {
      path: '/docs/raedme.md',
      edits: [{ old_text: 'a', new_text: 'b' }],
    });
    expect(refused.next).toContain('read_file {"paths":["/docs/readme.md"]}');
  });

  it('edits what a link leads to, and keeps the link', async () => {
    const { workspace, tools, text } = await setUp('a\n');
    await symlink('x.txt', join(workspace, 'link'));
    await tools.text('edit_file', { path: '/link', edits: [{ old_text: 'a', new_text: 'b' }] });
    expect(await text()).toBe('b\n');
    expect(await readdir(workspace)).toEqual(['link', 'x.txt']);
  });

  it('cuts a diff that is too long, and says by how much', async () => {
    const { tools, text } = await setUp(
      Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join(''),
    );
    const args = { path: '/x.txt', edits: [{ old_text: 'line', new_text: 'row', replace_all: true }] };
    const cut = await tools.text('edit_file', args, { budget: 500 });
    expect(cut).toMatch(/\[\d+ more lines of the diff\]\n\[300 replacements in/);
    expect(await text()).toContain('row 299');
  });

  it('looks for no differences in more lines than it may', async () => {
    const { edit, text } = await setUp('first\n' + 'x\n'.repeat(60_000) + 'last\n');
    const said = await edit([
      { old_text: 'first', new_text: '1st' },
      { old_text: 'last', new_text: 'end' },
    ]);
    expect(said).toMatch(
      /^\[the changes lie more than 50,000 lines apart, and the diff is not shown\]\n\[2 rep/,
    );
    expect(await text()).toMatch(/^1st\n[x\n]*end\n$/);
  });
});
