import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, it } from 'vitest';
import { makeFolder, openTools, type Tree } from '../../../../fixtures/file-tools.ts';

async function setUp(tree: Tree) {
  const workspace = await makeFolder(tree);
  const tools = await openTools(workspace);
  return {
    workspace,
    read: (args: object, budget?: number) =>
      tools.text('read_file', args, budget === undefined ? {} : { budget }),
    fail: (args: object, signal?: AbortSignal) =>
      tools.failure('read_file', args, signal === undefined ? {} : { signal }),
  };
}

function parquet(rows: number): Buffer {
  const indexes = Array.from({ length: rows }, (_, index) => index);
  return Buffer.from(
    parquetWriteBuffer({
      columnData: [
        { name: 'id', data: indexes, type: 'INT32' },
        { name: 'name', data: indexes.map((index) => `name, "${index}"`), type: 'STRING' },
        { name: 'big', data: indexes.map((index) => BigInt(index) * 10_000_000_000n), type: 'INT64' },
      ],
    }),
  );
}

const xml = (body: string): Uint8Array => Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`);

function workbook(sheet: string, others: Record<string, Uint8Array> = {}): Buffer {
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
  const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
  return Buffer.from(
    zipSync({
      'xl/workbook.xml': xml(
        `<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="Sales" sheetId="1" r:id="rId7"/><sheet name="Notes" sheetId="2" r:id="rId8"/></sheets></workbook>`,
      ),
      'xl/_rels/workbook.xml.rels': xml(
        `<Relationships><Relationship Id="rId7" Target="worksheets/first.xml"/><Relationship Id="rId8" Target="/xl/worksheets/second.xml"/></Relationships>`,
      ),
      'xl/sharedStrings.xml': xml(
        `<sst xmlns="${main}"><si><t>Region</t></si><si><r><t>No</t></r><r><t>rth</t></r><rPh><t>x</t></rPh></si><si><t>a &amp; b</t></si></sst>`,
      ),
      'xl/styles.xml': xml(
        `<styleSheet xmlns="${main}"><numFmts><numFmt numFmtId="164" formatCode="[Red]&quot;day&quot; 0.0"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="165"/><xf numFmtId="22"/><xf numFmtId="164"/></cellXfs></styleSheet>`,
      ),
      'xl/worksheets/first.xml': xml(
        `<worksheet xmlns="${main}"><sheetData>${sheet}</sheetData></worksheet>`,
      ),
      ...others,
    }),
  );
}

describe('reading a Parquet file', () => {
  it('shows its columns with their types, and its first rows as CSV', async () => {
    const { read } = await setUp({ 'a.parquet': parquet(1000) });
    expect(await read({ paths: ['/a.parquet'], max_lines: 2 })).toBe(
      [
        'columns: id int32, name utf8, big int64',
        'id,name,big',
        '0,"name, ""0""",0',
        '1,"name, ""1""",10000000000',
        '[rows 1-2 of 1,000; next start_line=3]',
      ].join('\n'),
    );
  });

  it('goes on at a row, and counts from the end', async () => {
    const { read } = await setUp({ 'a.parquet': parquet(1000) });
    expect(await read({ paths: ['/a.parquet'], start_line: 999 })).toContain('[rows 999-1,000 of 1,000]');
    expect(await read({ paths: ['/a.parquet'], start_line: -1 })).toContain(
      '\n999,"name, ""999""",9990000000000\n',
    );
  });

  it('keeps to the budget', async () => {
    const { read } = await setUp({ 'a.parquet': parquet(1000) });
    const page = await read({ paths: ['/a.parquet'] }, 2000);
    expect(page.length / 2.1).toBeLessThan(2000);
    expect(page).toMatch(/\[rows 1-(\d+) of 1,000; next start_line=\d+\]$/);
  });

  it('tells of a row behind the end', async () => {
    const { fail } = await setUp({ 'a.parquet': parquet(10) });
    expect((await fail({ paths: ['/a.parquet'], start_line: 11 })).message).toContain('has 10 rows');
  });

  it.each([
    ['cut off', parquet(100).subarray(0, 300)],
    ['only similar', Buffer.from('PAR1 is how it starts, and how it ends: PAR1')],
    ['of a claimed footer that is not there', Buffer.from('5041523100000000ffffff0050415231', 'hex')],
  ])('refuses one that is %s', async (_what, bytes) => {
    const { fail } = await setUp({ 'a.parquet': bytes });
    const error = await fail({ paths: ['/a.parquet'] });
    expect(error.code).toBe('NOT_TEXT');
    expect(error.message).toBe(
      '"/a.parquet" is a Parquet file that cannot be read: it is damaged or of an unknown kind.',
    );
  });

  it('ends with the call', async () => {
    const { fail, workspace } = await setUp({});
    await writeFile(join(workspace, 'a.parquet'), parquet(1000));
    const controller = new AbortController();
    const pending = fail({ paths: ['/a.parquet'] }, controller.signal).catch((error: unknown) => error);
    controller.abort(new Error('cancelled by the test'));
    expect(await pending).toMatchObject({ message: 'cancelled by the test' });
  });
});

describe('reading a spreadsheet', () => {
  const sheet = [
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="inlineStr"><is><t>Amount</t></is></c><c r="D1" t="str"><v>When</v></c></row>',
    '<row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3"><v>12.5</v></c><c r="C3" t="b"><v>1</v></c><c r="D3" s="1"><v>46000</v></c></row>',
    '<row r="4"><c t="s"><v>2</v></c><c s="3"><v>7</v></c><c t="e"><v>#N/A</v></c><c s="2"><v>46000.5</v></c></row>',
  ].join('');

  it('shows the rows of the first sheet, dates as dates, and names the others', async () => {
    const { read } = await setUp({ 'a.xlsx': workbook(sheet) });
    expect(await read({ paths: ['/a.xlsx'] })).toBe(
      [
        'sheet "Sales"; not shown: "Notes"',
        'Region,Amount,,When',
        'North,12.5,TRUE,2025-12-09',
        'a & b,7,#N/A,2025-12-09T12:00:00',
        '[rows 1-3 of 3]',
      ].join('\n'),
    );
  });

  it.each([
    ['more than is taken on', 0x7fff_ffff, 'FILE_TOO_LARGE'],
    ['less than they hold', 10, 'NOT_TEXT'],
  ])('refuses parts that claim to unpack to %s', async (_what, claimed, code) => {
    const archive = workbook(sheet);
    // In the central directory, the size stands 22 bytes before the name (APPNOTE.TXT, 4.3.12).
    const name = archive.lastIndexOf('xl/sharedStrings.xml');
    archive.writeUInt32LE(claimed, name - 22);
    const { fail } = await setUp({ 'a.xlsx': archive });
    expect((await fail({ paths: ['/a.xlsx'] })).code).toBe(code);
  });

  it('does not expand entities', async () => {
    const laughs = xml('<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><sst><si><t>&b;</t></si></sst>');
    const { fail } = await setUp({ 'a.xlsx': workbook(sheet, { 'xl/sharedStrings.xml': laughs }) });
    expect((await fail({ paths: ['/a.xlsx'] })).code).toBe('NOT_TEXT');
  });

  it('refuses an archive that is no workbook', async () => {
    const { fail } = await setUp({ 'a.xlsx': Buffer.from(zipSync({ 'x.txt': xml('<x/>') })) });
    expect((await fail({ paths: ['/a.xlsx'] })).code).toBe('NOT_TEXT');
  });
});
