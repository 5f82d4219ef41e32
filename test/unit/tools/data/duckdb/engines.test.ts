import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SupervisedProcess } from '../../../../../src/core/processes.ts';
import { type FilesBench, openFilesSource } from '../../../../fixtures/files-source.ts';
import { principalOf } from '../../../../fixtures/principal.ts';

const ENDLESS = 'SELECT count(*) FROM range(1000000000000) t(i) WHERE i % 7 = 3';

let folder: string;
let bench: FilesBench;
const started: SupervisedProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-engines-'));
  await writeFile(join(folder, 'a.csv'), 'a\n1\n2\n');
  bench = await openFilesSource(folder, { engine: { processes: 3, idleSeconds: 3600 } });
  const { processes } = bench;
  const start = processes.start.bind(processes);
  vi.spyOn(processes, 'start').mockImplementation((order) => {
    const process = start(order);
    started.push(process);
    return process;
  });
});

afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true, force: true });
});

const newest = (): SupervisedProcess => {
  const process = started.findLast(({ child }) => child.exitCode === null && child.signalCode === null);
  if (process === undefined) throw new Error('No engine was started');
  return process;
};

describe('engines', () => {
  it('do not run before the first statement, and serve the next ones', async () => {
    expect(bench.processes.running).toBe(0);
    expect(await bench.source.engineVersion()).toMatch(/^1\.\d+\.\d+$/);
    expect(await bench.source.check()).toEqual({ status: 'ok' });
    expect(bench.processes.running).toBe(0);
    await bench.rows('SELECT 1');
    await bench.rows('SELECT 2');
    await bench.rows("FROM 'a.csv'");
    expect(started).toHaveLength(1);
  });

  it('stop when the caller goes away, and go on for the next', async () => {
    const controller = new AbortController();
    const gone = bench.rows(ENDLESS, { signal: controller.signal });
    // A second statement has its answer only while the first one runs beside it.
    expect(await bench.rows('SELECT 1')).toEqual([[1]]);
    controller.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    expect(await bench.rows("FROM 'a.csv'")).toEqual([[1], [2]]);
    expect(bench.processes.running).toBeLessThanOrEqual(2);
  });

  it('are waited for by who comes while all are at work, until they go away too', async () => {
    const [one, two, three] = [new AbortController(), new AbortController(), new AbortController()];
    const busy = Promise.allSettled([one, two].map(({ signal }) => bench.rows(ENDLESS, { signal })));
    const impatient = bench.rows('SELECT 3', { signal: three.signal });
    const patient = bench.rows('SELECT 4');
    three.abort(new Error('impatient'));
    await expect(impatient).rejects.toThrow('impatient');
    one.abort(new Error('one'));
    expect(await patient).toEqual([[4]]);
    two.abort(new Error('two'));
    expect(await busy).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
  });

  it('are not all for one person, however much it asks, and people who wait have their turns', async () => {
    const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((subject) => principalOf({ subject }));
    if (alice === undefined || bob === undefined || carol === undefined) throw new Error('Nobody');
    const controller = new AbortController();
    const { signal } = controller;
    const many = Promise.allSettled(
      Array.from({ length: 8 }, () => bench.rows(ENDLESS, { signal, principal: alice })),
    );
    // None of the engines may be free for one who has two of them.
    const third = await bench.failure('SELECT 3', { principal: alice, timeoutMs: 100 });
    expect(third).toMatchObject({ code: 'BUSY', retryable: true });
    expect(third.next).toContain('again');
    expect(await bench.rows('SELECT 1', { principal: bob })).toEqual([[1]]);
    const [first, second] = [bob, carol].map((principal) => bench.rows('SELECT 2', { principal }));
    expect(await Promise.all([first, second])).toEqual([[[2]], [[2]]]);
    controller.abort(new Error('enough'));
    expect((await many).every(({ status }) => status === 'rejected')).toBe(true);
  });

  it('give back the memory of a statement, so that the next one has all of it', async () => {
    const join =
      "SELECT count(b.a) FROM (SELECT DISTINCT a FROM 'a.csv') LEFT JOIN (FROM 'a.csv') AS b USING (a)";
    const taken = async (): Promise<number> => {
      const status = await readFile(`/proc/${String(newest().child.pid)}/status`, 'utf8');
      return Number(/VmData:\s+(\d+)/.exec(status)?.[1]) / 1024;
    };
    await bench.rows('SELECT 1');
    const before = await taken();
    for (let round = 0; round < 12; round++) await bench.rows(join);
    expect((await taken()) - before).toBeLessThan(300);
  });

  it('know nothing of the folders of the statement before', async () => {
    await mkdir(join(folder, 'd'));
    await writeFile(join(folder, 'd', 'a.csv'), 'a\n1\n');
    expect(await bench.rows("FROM '/d/a.csv'")).toEqual([[1]]);
    await rm(join(folder, 'd'), { recursive: true });
    await writeFile(join(folder, 'd'), 'a\n2\n');
    expect(await bench.rows("FROM read_csv('/d')")).toEqual([[2]]);
  });

  it('that die are told of clearly, and replaced', async () => {
    let isOver = false;
    const died = bench.failure(ENDLESS).finally(() => {
      isOver = true;
    });
    // Until it hits the one that has taken the statement.
    await vi.waitFor(
      () => {
        for (const { child } of started) child.kill('SIGSEGV');
        expect(isOver).toBe(true);
      },
      { timeout: 15_000 },
    );
    expect(await died).toMatchObject({ code: 'SOURCE_UNAVAILABLE', retryable: true });
    expect(await bench.rows('SELECT 1')).toEqual([[1]]);
  });

  it('leave nothing of streams that nobody reads to their end', async () => {
    const statement = { sql: 'SELECT i FROM range(10000000) t(i)', params: [] };
    // One for each engine there may be.
    const streams = await Promise.all([1, 2].map(() => bench.source.stream(bench.asking(), statement)));
    for (const { columns, batches } of streams) {
      expect(columns).toEqual([{ name: 'i', type: 'BIGINT' }]);
      let rows = 0;
      for await (const batch of batches) {
        rows += batch.length;
        if (rows > 3000) break;
      }
      expect(rows).toBeLessThan(10_000);
    }
    expect(await bench.rows('SELECT 1', { timeoutMs: 5000 })).toEqual([[1]]);
  });

  it('stream all rows in order', async () => {
    const { batches } = await bench.source.stream(bench.asking(), {
      sql: 'SELECT i FROM range(5000) t(i)',
      params: [],
    });
    const rows: unknown[] = [];
    for await (const batch of batches) rows.push(...batch.map(([i]) => i));
    expect(rows).toEqual(Array.from({ length: 5000 }, (_, index) => index));
  });

  it('have a time even where nobody reads what they stream', async () => {
    const statement = { sql: 'SELECT i FROM range(100000000) t(i)', params: [] };
    const drain = async (): Promise<void> => {
      const { batches } = await bench.source.stream(bench.asking({ timeoutMs: 200 }), statement);
      const reader = batches[Symbol.asyncIterator]();
      while ((await reader.next()).done !== true) await new Promise(setImmediate);
    };
    await expect(drain()).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('can write no file, whatever a statement does', async () => {
    await bench.rows('SELECT 1');
    const place = `/proc/${String(newest().child.pid)}`;
    const [limits, env] = await Promise.all(
      ['limits', 'environ'].map((name) => readFile(join(place, name), 'utf8')),
    );
    expect(limits).toMatch(/Max file size\s+0\s+0/);
    expect(limits).toMatch(/Max data size\s+\d+\s+\d+/);
    expect(env?.split('\0').map((entry) => entry.split('=')[0])).not.toContain('PATH');
  });
});

describe('an idle engine', () => {
  it('is ended, and its folder with it', async () => {
    const idle = await openFilesSource(folder, { engine: { idleSeconds: 0 } });
    const start = vi.spyOn(idle.processes, 'start');
    expect(await idle.rows('SELECT 1')).toEqual([[1]]);
    const place = start.mock.calls[0]?.[0].cwd ?? '';
    expect(place).not.toBe('');
    await vi.waitFor(() => {
      expect([idle.processes.running, existsSync(place)]).toEqual([0, false]);
    });
    await idle.close();
  });
});

describe('a service that is killed', () => {
  it('leaves no engine, and a folder to the next one to remove', async () => {
    const program = fileURLToPath(new URL('../../../../fixtures/engine-owner.ts', import.meta.url));
    const owner = spawn(process.execPath, ['--no-warnings', program, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) => {
      createInterface(owner.stdout).once('line', resolve);
    });
    const [pid = '', place = ''] = line.split(' ');
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    expect(existsSync(place)).toBe(true);
    owner.kill('SIGKILL');
    // Until it is gone for good, which is the init process's to see to.
    await vi.waitFor(
      () => {
        expect(existsSync(`/proc/${pid}`)).toBe(false);
      },
      { timeout: 10_000 },
    );
    const next = spawn(process.execPath, ['--no-warnings', program, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const places: string[] = [];
    createInterface(next.stdout).once('line', (text) => {
      places.push(text.split(' ')[1] ?? '');
      next.kill('SIGKILL');
    });
    await once(next, 'close');
    await Promise.all(places.map((left) => rm(left, { recursive: true, force: true })));
    expect(existsSync(place)).toBe(false);
  });
});
