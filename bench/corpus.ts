import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { spawn } from 'node:child_process';

/** What the tools are measured on, made anew for each run and the same in all of them. */
export interface Corpus {
  readonly folder: string;
  /** Stands in exactly one of the files. */
  readonly needle: string;
  /** Stands in nearly all of them. */
  readonly commonWord: string;
  readonly tree: string;
  readonly bigFile: string;
  readonly bigFileLines: number;
  readonly largeCsv: string;
  readonly millionCsv: string;
  readonly millionParquet: string;
}

const FOLDERS = 130;
const FILES_PER_FOLDER = 100;
const FILE_BYTES = 18_500;
const BIG_FILE_LINES = 10_330_001;
const ROWS = 1_000_000;
const WORDS =
  'harbour vessel cargo rope anchor tide signal captain engine bridge ledger invoice berth crane pilot buoy';

/** Writes about 1.5 GB below the folder. */
export async function makeCorpus(folder: string): Promise<Corpus> {
  const needle = 'the-only-place-where-this-stands';
  await makeTree(path.join(folder, 'tree'), needle);
  await makeLines(path.join(folder, 'big.log'), BIG_FILE_LINES, (index) => {
    return `${index} harbour log line with some text that makes a gigabyte, berth ${index % 97}, tide ${index % 13}, done`;
  });
  await makeLines(path.join(folder, 'large.csv'), 1_300_000, csvLine);
  await makeLines(path.join(folder, 'million.csv'), ROWS + 1, csvLine);
  await toParquet(path.join(folder, 'million.csv'), path.join(folder, 'million.parquet'));
  return {
    ...{ folder, needle, commonWord: 'harbour', bigFileLines: BIG_FILE_LINES },
    tree: '/tree',
    bigFile: '/big.log',
    largeCsv: '/large.csv',
    millionCsv: '/million.csv',
    millionParquet: '/million.parquet',
  };
}

function csvLine(index: number): string {
  if (index === 0) return 'id,region,customer,amount,day';
  const day = new Date(Date.UTC(2025, 0, 1) + (index % 365) * 86_400_000).toISOString().slice(0, 10);
  return `${index},region-${index % 17},customer-${index % 5003},${(index % 9973) / 100},${day}`;
}

async function makeTree(root: string, needle: string): Promise<void> {
  const words = WORDS.split(' ');
  const middle = FOLDERS / 2;
  for (let folder = 0; folder < FOLDERS; folder++) {
    const at = path.join(root, `part-${folder % 10}`, `folder-${folder}`);
    await mkdir(at, { recursive: true });
    const files = Array.from({ length: FILES_PER_FOLDER }, (_, file) => {
      const isPlace = folder === middle && file === 0;
      return writeFile(
        path.join(at, `file-${file}.txt`),
        textOf(words, folder + file, isPlace ? needle : ''),
      );
    });
    await Promise.all(files);
  }
}

function textOf(words: readonly string[], seed: number, last: string): string {
  const lines: string[] = [];
  let length = 0;
  for (let line = 0; length < FILE_BYTES; line++) {
    const text = Array.from({ length: 9 }, (_, at) => words[(seed * 7 + line * 3 + at * at) % words.length]);
    lines.push(text.join(' '));
    length += text.join(' ').length + 1;
  }
  return [...lines, last].join('\n');
}

async function makeLines(file: string, count: number, line: (index: number) => string): Promise<void> {
  const stream = createWriteStream(file, { highWaterMark: 1 << 20 });
  let chunk = '';
  for (let index = 0; index < count; index++) {
    chunk += `${line(index)}\n`;
    if (chunk.length < 1 << 20) continue;
    if (!stream.write(chunk)) await once(stream, 'drain');
    chunk = '';
  }
  stream.end(chunk);
  await once(stream, 'finish');
}

/** In a process of its own: what an engine keeps is not to be counted to the one that measures. */
async function toParquet(csv: string, parquet: string): Promise<void> {
  const program = `
    const { DuckDBInstance } = await import('@duckdb/node-api');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run("COPY (FROM read_csv('" + process.argv[1] + "')) TO '" + process.argv[2] + "' (FORMAT parquet)");
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program, csv, parquet], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error('The Parquet file could not be written');
}
