import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { decode } from '../../../../src/tools/web/fetching/charset.ts';
import { namedHost, openWebTools, pages, serveWeb } from '../../../fixtures/web-tools.ts';

const TEXT = '<p>Grüße – naïve café</p>';

describe('the encoding of a page', () => {
  it.each([
    ['of the header', 'ISO-8859-1', iconv.encode(TEXT, 'windows-1252'), 'windows-1252'],
    [
      'of the page',
      undefined,
      iconv.encode(`<meta charset="windows-1252">${TEXT}`, 'windows-1252'),
      'windows-1252',
    ],
    [
      'of the declaration',
      undefined,
      iconv.encode(`<?xml version="1.0" encoding="iso-8859-1"?>${TEXT}`, 'windows-1252'),
      'windows-1252',
    ],
    ['of the mark', 'utf-8', iconv.encode(TEXT, 'utf-16le', { addBOM: true }), 'utf-16le'],
    ['of the mark, big end first', undefined, iconv.encode(TEXT, 'utf-16be', { addBOM: true }), 'utf-16be'],
    ['of the header, in two bytes', 'utf-16le', iconv.encode(TEXT, 'utf-16le'), 'utf-16le'],
    ['that is right, not the one declared', 'windows-1252', Buffer.from(TEXT), undefined],
    [
      'that is right, not the one that the page claims',
      undefined,
      Buffer.from(`<meta charset="utf-16">${TEXT}`),
      undefined,
    ],
    [
      'that is likely, where utf-8 is declared and is not',
      'utf-8',
      iconv.encode(TEXT, 'windows-1252'),
      'windows-1252',
    ],
    ['that is right, where nobody knows the declared one', 'klingon', Buffer.from(TEXT), undefined],
    ['that is right, where what is declared hides markup', 'utf-7', Buffer.from(TEXT), undefined],
  ])('is the one %s', async (_, declared, bytes, encoding) => {
    const decoded = await decode(bytes, declared, true);
    expect(decoded.text).toContain(TEXT);
    expect(decoded.encoding).toBe(encoding);
  });

  it.each([
    ['gb18030', '汉字漢字测试文本'],
    ['shift_jis', '日本語のテキスト'],
    ['euc-kr', '한국어 텍스트'],
    ['big5', '繁體中文'],
    ['koi8-r', 'Привет, мир'],
  ])('%s is read as declared', async (encoding, content) => {
    expect(await decode(iconv.encode(content, encoding), encoding, false)).toEqual({
      text: content,
      encoding,
    });
  });

  it('is read as browsers do', async () => {
    const bytes = Buffer.from('\x1b$B$"$$\x1b(B', 'latin1');
    expect(await decode(bytes, 'iso-2022-jp', true)).toEqual({ text: 'あい', encoding: 'iso-2022-jp' });
  });

  it('is none that hides markup from who looks at the bytes', async () => {
    const bytes = Buffer.from('+ADw-script+AD4-');
    for (const label of ['utf-7', 'utf_7', 'unicode-1-1-utf-7', 'UTF-7-IMAP', 'base64', 'h.e.x']) {
      expect(await decode(bytes, label, true), label).toEqual({ text: String(bytes), encoding: undefined });
    }
  });

  it('is named where it is not UTF-8', async () => {
    const content = iconv.encode('汉字漢字测试文本', 'gb18030');
    const origin = await serveWeb(pages({ '/': content }, 'text/plain; charset=gb18030'));
    const web = await openWebTools({ privateHosts: [namedHost(origin)] });
    expect(await web.text('fetch_url', { url: origin })).toMatch(
      /\n汉字漢字测试文本\n\[end .*\]\n\[characters 1-8 of 8; encoding gb18030\]$/,
    );
  });
});
