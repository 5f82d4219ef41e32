import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rgPath } from '@vscode/ripgrep';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { estimateTokens } from '../src/core/budget.ts';
import { type Corpus, makeCorpus } from './corpus.ts';
import { startDuckDb } from './duckdb-alone.ts';
import { type Memory, memoryOf, type ServerProcess, startFairlead } from './server-process.ts';
import { clientOf, type ToolClient } from './tool-client.ts';

const ROUNDS = 7;
const RUNAWAY = 'SELECT count(*) FROM range(100000000000) t(i) WHERE i % 7 = 3';

interface Row {
  readonly task: string;
  readonly measured: string;
  readonly baseline: string;
  readonly 'at most': string;
  readonly held: boolean;
}

interface Setting {
  readonly server: ServerProcess;
  readonly client: ToolClient;
  readonly corpus: Corpus;
}

/** What the tools do on large data, over HTTP with all that stands before them, each beside its baseline. */
export async function benchTools(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fairlead-corpus-'));
  try {
    console.log('Writing 1.5 GB to measure on …');
    const corpus = await makeCorpus(folder);
    const server = await startFairlead(['files:delete', 'files:write', 'data:read', 'web:fetch'], {
      FAIRLEAD_WORKSPACE: folder,
    });
    try {
      const setting = { server, client: clientOf(server), corpus };
      const rows = [await idle(setting)];
      for (const figure of [toolList, search, commonWord, tree, deepLine, firstPage]) {
        rows.push(await figure(setting));
      }
      rows.push(...(await groupings(setting)), await cancelling(setting), await besideRunaways(setting));
      console.log(`Tools, medians of ${ROUNDS} rounds in turn with their baselines, Node ${process.version}`);
      console.table(rows);
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function idle({ server }: Setting): Promise<Row> {
  const { rss, own } = await server.usage();
  const engines = await server.children();
  const bare = await bareNode();
  return {
    task: 'main process at idle, of it its own, engines',
    measured: `${megabytes(rss)}, ${megabytes(own)}, ${engines}`,
    baseline: `${megabytes(bare.rss)}, ${megabytes(bare.own)} (Node.js alone)`,
    'at most': '80 MB, 0',
    held: rss <= 80e6 && engines === 0,
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

async function toolList({ client }: Setting): Promise<Row> {
  const tools = await client.listTools();
  const tokens = countTokens(JSON.stringify({ tools }));
  return {
    task: `tool list of the ${tools.length} tools`,
    measured: `${tokens} tokens (o200k)`,
    baseline: `${estimateTokens(JSON.stringify({ tools }), 'json')} tokens (own estimate)`,
    'at most': '4000 tokens',
    held: tokens <= 4000,
  };
}

async function search({ client, corpus }: Setting): Promise<Row> {
  const args = ['--json', '--no-config', '--no-mmap', '--fixed-strings', corpus.needle, './'];
  const cwd = path.join(corpus.folder, corpus.tree);
  const pairs = await inTurn(
    () => run(rgPath, args, cwd),
    // As ripgrep is asked: to ignore case, as the tool does with a word in small letters, takes it an eighth longer.
    () => client.call('search_files', { pattern: corpus.needle, path: corpus.tree, case: 'yes' }),
  );
  const { baseline, measured, ratio } = mediansOf(pairs);
  return {
    task: 'literal search, 13k files, 240 MB',
    measured: `${measured.toFixed(0)} ms, ${ratio.toFixed(2)} ×`,
    baseline: `${baseline.toFixed(0)} ms (ripgrep alone)`,
    'at most': '1.3 ×',
    held: ratio <= 1.3,
  };
}

async function commonWord({ client, corpus }: Setting): Promise<Row> {
  const call = { pattern: corpus.commonWord, path: corpus.tree, max_results: 100, context: 0 };
  const cwd = path.join(corpus.folder, corpus.tree);
  const pairs = await inTurn(
    () => run(rgPath, ['--version'], cwd),
    () => client.call('search_files', call),
  );
  const { baseline, measured } = mediansOf(pairs);
  return {
    task: 'common word, cap 100, through MCP',
    measured: `${measured.toFixed(0)} ms`,
    baseline: `${baseline.toFixed(0)} ms (starting ripgrep)`,
    'at most': '25 ms',
    held: measured <= 25,
  };
}

async function tree({ client, corpus }: Setting): Promise<Row> {
  let tokens = 0;
  const pairs = await inTurn(
    () => run('/usr/bin/find', [corpus.tree.slice(1), '-printf', '%p %s\n'], corpus.folder),
    async () => {
      tokens = estimateTokens(await client.call('list_files', { path: corpus.tree, depth: 10 }), 'code');
    },
  );
  const { baseline, measured } = mediansOf(pairs);
  return {
    task: 'tree of 13k files',
    measured: `${measured.toFixed(0)} ms, ${tokens} tokens`,
    baseline: `${baseline.toFixed(0)} ms (find)`,
    'at most': '100 ms, 10000 tokens',
    held: measured <= 100 && tokens <= 10_000,
  };
}

async function deepLine({ server, client, corpus }: Setting): Promise<Row> {
  const before = (await server.usage()).rss;
  let most = 0;
  // Another line each time, and lower ones first, so that no index of an earlier call serves it.
  let round = 0;
  const pairs = await inTurn(
    () => countLines(path.join(corpus.folder, corpus.bigFile), 5_000_000),
    async () => {
      await touch(path.join(corpus.folder, corpus.bigFile));
      const start = 5_000_000 + round++;
      await client.call('read_file', { paths: [corpus.bigFile], start_line: start, max_lines: 10 });
      most = Math.max(most, (await server.usage()).rss);
    },
  );
  const { baseline, measured } = mediansOf(pairs);
  const more = most - before;
  return {
    task: 'line 5 000 000 of a 1 GB file',
    measured: `${measured.toFixed(0)} ms, ${megabytes(more)} more`,
    baseline: `${baseline.toFixed(0)} ms (counting newlines)`,
    'at most': '250 ms, 60 MB more',
    held: measured <= 250 && more <= 60e6,
  };
}

async function firstPage({ client, corpus }: Setting): Promise<Row> {
  const pairs = await inTurn(
    () => client.call('info', {}),
    () => client.call('read_file', { paths: [corpus.largeCsv] }),
  );
  const { baseline, measured } = mediansOf(pairs);
  return {
    task: 'first page of a large CSV file',
    measured: `${measured.toFixed(1)} ms`,
    baseline: `${baseline.toFixed(1)} ms (an info call)`,
    'at most': '10 ms',
    held: measured <= 10,
  };
}

async function groupings({ client, corpus }: Setting): Promise<Row[]> {
  const alone = await startDuckDb();
  try {
    const rows: Row[] = [];
    for (const file of [corpus.millionCsv, corpus.millionParquet]) {
      const sql = (at: string): string =>
        `SELECT region, count(*) AS n, sum(amount) AS total FROM '${at}' GROUP BY region ORDER BY region`;
      const pairs = await inTurn(
        () => alone.query(sql(path.join(corpus.folder, file))),
        () => client.call('query_data', { sql: sql(file) }),
      );
      const { baseline, measured } = mediansOf(pairs);
      const limit = baseline * 1.3 + 10;
      rows.push({
        task: `GROUP BY over 1M rows, ${path.extname(file).slice(1)}`,
        measured: `${measured.toFixed(0)} ms`,
        baseline: `${baseline.toFixed(0)} ms (DuckDB alone)`,
        'at most': `${limit.toFixed(0)} ms`,
        held: measured <= limit,
      });
    }
    return rows;
  } finally {
    await alone.stop();
  }
}

/** From the moment that the client goes away until the engine answers the next one. */
async function cancelling({ client }: Setting): Promise<Row> {
  const small = (): Promise<string> => client.call('query_data', { sql: 'SELECT 1' });
  const baselines: number[] = [];
  const measured: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    baselines.push(await timed(small));
    const controllers = Array.from({ length: 2 }, () => new AbortController());
    const runaways = controllers.map(({ signal }) =>
      client.call('query_data', { sql: RUNAWAY }, signal).catch(() => undefined),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const started = performance.now();
    for (const controller of controllers) controller.abort();
    await small();
    measured.push(performance.now() - started);
    await Promise.all(runaways);
  }
  const value = median(measured);
  return {
    task: 'cancelling SQL, end to end',
    measured: `${value.toFixed(0)} ms`,
    baseline: `${median(baselines).toFixed(0)} ms (SELECT 1)`,
    'at most': '50 ms',
    held: value <= 50,
  };
}

async function besideRunaways({ client, corpus }: Setting): Promise<Row> {
  const read = (): Promise<string> => client.call('read_file', { paths: [corpus.largeCsv], max_lines: 50 });
  const baseline = median(await repeat(() => timed(read)));
  const controller = new AbortController();
  const runaways = Array.from({ length: 4 }, () =>
    client.call('query_data', { sql: RUNAWAY }, controller.signal).catch(() => undefined),
  );
  await new Promise((resolve) => setTimeout(resolve, 500));
  const measured = median(await repeat(() => timed(read)));
  controller.abort();
  await Promise.all(runaways);
  return {
    task: 'read_file while four runaway queries run',
    measured: `${measured.toFixed(1)} ms`,
    baseline: `${baseline.toFixed(1)} ms (without them)`,
    'at most': '50 ms',
    held: measured <= 50,
  };
}

interface Pair {
  readonly baseline: number;
  readonly measured: number;
}

/** One warm-up of each, then both in turn. */
async function inTurn(baseline: () => Promise<unknown>, measured: () => Promise<unknown>): Promise<Pair[]> {
  await baseline();
  await measured();
  return repeat(async () => ({ baseline: await timed(baseline), measured: await timed(measured) }));
}

async function repeat<T>(work: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let round = 0; round < ROUNDS; round++) results.push(await work());
  return results;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function mediansOf(pairs: readonly Pair[]): Pair & { readonly ratio: number } {
  return {
    baseline: median(pairs.map(({ baseline }) => baseline)),
    measured: median(pairs.map(({ measured }) => measured)),
    ratio: median(pairs.map(({ baseline, measured }) => measured / baseline)),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  await once(child, 'close');
}

/** The least that finding a line takes: reading the file and counting. */
async function countLines(file: string, lines: number): Promise<void> {
  const handle = await open(file);
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let seen = 0; seen < lines;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return;
      for (let at = buffer.indexOf(10); at !== -1 && at < bytesRead; at = buffer.indexOf(10, at + 1)) seen++;
    }
  } finally {
    await handle.close();
  }
}

/** Makes it another file to whoever remembers something of it. */
async function touch(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  const now = new Date();
  await handle.utimes(now, now);
  await handle.close();
}

/** Megabytes of a Node.js process that does nothing. */
async function bareNode(): Promise<Memory> {
  const child = spawn(process.execPath, ['--eval', 'process.stdout.write("up"); process.stdin.resume()'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  try {
    return await memoryOf(child);
  } finally {
    child.kill();
  }
}
