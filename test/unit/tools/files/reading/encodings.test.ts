import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools, type Tree, withoutVersions } from '../../../../fixtures/file-tools.ts';
import { SHORT_TEXTS } from '../../../../fixtures/short-texts.ts';

async function setUp(tree: Tree) {
  const tools = await openTools(await makeFolder(tree));
  return {
    read: async (args: object) => withoutVersions(await tools.text('read_file', args)),
    fail: (args: object) => tools.failure('read_file', args),
  };
}

function numbered(count: number): string {
  return Array.from({ length: count }, (_, index) => `line ${index + 1}\n`).join('');
}

describe('recognising encodings', () => {
  const german = 'Größe überrascht schöne Äpfel in der Straße.\n'.repeat(4);
  const chinese = '引缆环把绳索安全地引上船，这是一个用来检测编码的文本文件。\n'.repeat(4);
  const japanese = 'これは文字コードを判定するためのテキストファイルです。\n'.repeat(4);

  const encoded = (value: string, encoding: string): Buffer => iconv.encode(value, encoding);

  it.each([
    ['Latin-1', encoded(german, 'latin1'), german, 'windows-1252 (guessed)'],
    ['GB18030', encoded(chinese, 'gb18030'), chinese, 'gb18030 (guessed)'],
    ['Shift JIS', encoded(japanese, 'shift_jis'), japanese, 'shift_jis (guessed)'],
    ['UTF-16 LE with a mark', Buffer.from(`\ufeff${german}`, 'utf16le'), german, 'utf-16le'],
    ['UTF-16 BE with a mark', Buffer.from(`\ufeff${german}`, 'utf16le').swap16(), german, 'utf-16be'],
    ['UTF-16 LE without a mark', Buffer.from(german, 'utf16le'), german, 'utf-16le (guessed)'],
  ])('reads %s', async (_name, bytes, text, remark) => {
    const { read } = await setUp({ 'a.txt': bytes });
    expect(await read({ paths: ['/a.txt'] })).toBe(`${text}[lines 1-4 of 4; encoding ${remark}]`);
  });

  it.each(SHORT_TEXTS)('reads a short text in %s: %j', async (encoding, text) => {
    const { read } = await setUp({ 'a.txt': encoded(text, encoding) });
    const said = await read({ paths: ['/a.txt'] });
    expect(said.slice(0, said.lastIndexOf('[')).trimEnd()).toBe(text.trimEnd());
    expect(said).toContain(`encoding ${encoding} (`);
  });

  it.each([
    ['café crème\n', 'windows-1252', 'windows-1252 (guessed)'],
    ['Größe, Straße\n', 'windows-1252', 'windows-1252 (guessed)'],
    ['50 € – £ ½\n', 'windows-1252', 'windows-1252 (doubtful: if the text is garbled, name another)'],
    ['x = 王\n', 'gb18030', 'windows-1252 (doubtful: if the text is garbled, name another)'],
    ['春节\n', 'gb18030', 'euc-kr (doubtful: if the text is garbled, name another)'],
  ])('tells a good guess from a doubtful one: %j', async (text, encoding, remark) => {
    const { read } = await setUp({ 'a.txt': encoded(text, encoding) });
    expect(await read({ paths: ['/a.txt'] })).toContain(`encoding ${remark}`);
  });

  it('takes a few bytes for no kind of Unicode that they are not', async () => {
    const { read } = await setUp({ 'a.txt': encoded('测', 'gb18030') });
    expect(await read({ paths: ['/a.txt'] })).toBe(
      '²â\n[line 1 of 1; encoding windows-1252 (doubtful: if the text is garbled, name another); no newline at the end]',
    );
  });

  it('reads UTF-8 with a mark, without showing the mark', async () => {
    const { read } = await setUp({ 'a.txt': '\ufeffnaïve\n' });
    expect(await read({ paths: ['/a.txt'] })).toBe('naïve\n[line 1 of 1]');
  });

  it('pages through UTF-16 at line borders', async () => {
    const { read } = await setUp({ 'a.txt': Buffer.from(`\ufeff${numbered(50)}`, 'utf16le') });
    expect(await read({ paths: ['/a.txt'], start_line: 20, max_lines: 2 })).toBe(
      'line 20\nline 21\n[lines 20-21 of 50; encoding utf-16le; next start_line=22]',
    );
    expect(await read({ paths: ['/a.txt'], start_line: -1 })).toContain('line 50\n[line 50 of 50');
  });

  it('is not misled by a character that the border of a chunk cuts in two', async () => {
    const { read } = await setUp({ 'a.txt': `${'a'.repeat(65_535)}é\n${'b'.repeat(10)}é\n` });
    const page = await read({ paths: ['/a.txt'], start_line: 2 });
    expect(page).toBe('bbbbbbbbbbé\n[line 2 of 2]');
  });

  it('decides anew for a page behind a long beginning in ASCII', async () => {
    const late = Buffer.concat([Buffer.from(numbered(20_000)), encoded(german, 'latin1')]);
    const { read } = await setUp({ 'a.txt': late });
    expect(await read({ paths: ['/a.txt'], start_line: -4 })).toContain('Größe überrascht');
  });

  it.each(['utf-16le', 'UTF16LE', 'utf-16', 'UCS-2'])('knows %s by that name', async (name) => {
    const { read } = await setUp({ 'a.txt': Buffer.from('ein\nzwei\n', 'utf16le') });
    expect(await read({ paths: ['/a.txt'], encoding: name, start_line: 2 })).toBe(
      'zwei\n[line 2 of 2; encoding utf-16le]',
    );
  });

  it('keeps counting lines right where a line ends in half a character', async () => {
    const bytes = Buffer.concat([
      encoded('中文', 'gb18030'),
      Buffer.from([0xd6, 0x0a]),
      encoded('文字\n中\n', 'gb18030'),
    ]);
    const { read } = await setUp({ 'a.txt': bytes });
    expect(await read({ paths: ['/a.txt'], encoding: 'gb18030', start_line: 2 })).toBe(
      '文字\n中\n[lines 2-3 of 3; encoding gb18030]',
    );
    expect(await read({ paths: ['/a.txt'], encoding: 'gb18030', max_lines: 1 })).toMatch(
      /^中文.?\n\[line 1 of 3; encoding gb18030; next start_line=2\]$/,
    );
  });

  it('takes the name of an encoding, and refuses one that nobody knows', async () => {
    const { read, fail } = await setUp({ 'a.txt': encoded('中文\n', 'gb18030') });
    expect(await read({ paths: ['/a.txt'], encoding: 'GB18030' })).toBe(
      '中文\n[line 1 of 1; encoding gb18030]',
    );
    for (const name of ['utf-32', 'utf7', 'base64', 'ebcdic-us']) {
      expect((await fail({ paths: ['/a.txt'], encoding: name })).code).toBe('INVALID_ARGUMENT');
    }
    const error = await fail({ paths: ['/a.txt'], encoding: 'klingon' });
    expect(error.message).toBe('The encoding "klingon" is not known.');
    expect(error.next).toContain('windows-1252');
  });
});
