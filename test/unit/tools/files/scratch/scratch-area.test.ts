import { lstat, mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AppError } from '../../../../../src/core/errors.ts';
import type { Kept } from '../../../../../src/core/scratch.ts';
import { ScratchArea } from '../../../../../src/tools/files/scratch/scratch-area.ts';
import { makeFolder } from '../../../../fixtures/file-tools.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const ALICE = { subject: 'alice' };
const BOB = { subject: 'bob' };
const KIB = 1024;

interface Bounds {
  readonly bytesPerSubject?: number;
  readonly bytesInTotal?: number;
  readonly now?: () => number;
}

async function setUp(bounds: Bounds = {}, directory?: string) {
  const place = directory ?? join(await makeFolder(), 'scratch');
  const { logger, lines } = recordTelemetry();
  const area = new ScratchArea({
    directory: place,
    lifetimeMs: 60_000,
    bytesPerSubject: 1024 * KIB,
    bytesInTotal: 4096 * KIB,
    logger,
    ...bounds,
  });
  onTestFinished(() => area.close());
  const keep = (who: { subject: string }, content: Kept['content'], name = 'rows.json') =>
    area.keep(who, { name, mimeType: 'application/json', content });
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'kept',
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );
  /** Every file of every subject. */
  const files = async () => {
    const folders = await readdir(place);
    return (await Promise.all(folders.map((folder) => readdir(join(place, folder))))).flat().sort();
  };
  return { area, place, keep, codeOf, files, lines };
}

async function* parts(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) {
    await Promise.resolve();
    yield new Uint8Array(size);
  }
}

describe('keeping a result', () => {
  it('tells where it is, how large and until when', async () => {
    const { keep } = await setUp();
    const before = Date.now();
    const kept = await keep(ALICE, '{"größe":1}');
    expect(kept).toMatchObject({
      ...{ path: '/.scratch/rows.json', uri: 'fairlead://workspace/.scratch/rows.json' },
      ...{ name: 'rows.json', mimeType: 'application/json', size: 13 },
    });
    expect(kept.expiresAt).toBeGreaterThan(before + 59_000);
    expect(kept.expiresAt).toBeLessThanOrEqual(Date.now() + 60_000);
  });

  it('takes text, bytes and what comes in parts', async () => {
    const { keep } = await setUp();
    expect((await keep(ALICE, new Uint8Array(7))).size).toBe(7);
    expect((await keep(ALICE, parts(3, 0, 4))).size).toBe(7);
    expect((await keep(ALICE, '')).size).toBe(0);
  });

  it('gives a number to a name that is taken, also when many come at once', async () => {
    const { keep } = await setUp();
    const kept = await Promise.all(Array.from({ length: 5 }, () => keep(ALICE, 'x', 'a b.csv')));
    expect(kept.map(({ name }) => name).sort()).toEqual([
      'a-b-2.csv',
      'a-b-3.csv',
      'a-b-4.csv',
      'a-b-5.csv',
      'a-b.csv',
    ]);
  });

  it.each([
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['.env', 'result.env'],
    ['.hidden.json', 'hidden.json'],
    ['/abs/x.JSON', 'x.json'],
    ['a\0b\n.csv', 'a-b.csv'],
    ['*?[x]{y}.csv', 'x-y.csv'],
    ['', 'result'],
    ['..', 'result'],
    ['ärger.csv', 'rger.csv'],
    [`${'n'.repeat(300)}.parquet`, `${'n'.repeat(80)}.parquet`],
    ['--rf', 'rf'],
  ])('makes a plain name of %j', async (wanted, name) => {
    const { keep } = await setUp();
    expect((await keep(ALICE, 'x', wanted)).name).toBe(name);
  });

  it('lets nobody but the account of the server in', async () => {
    const { keep, place } = await setUp();
    await keep(ALICE, 'x');
    const [folder = ''] = await readdir(place);
    expect(folder).not.toContain('alice');
    const modes = [place, join(place, folder), join(place, folder, 'rows.json')];
    const bits = await Promise.all(modes.map(async (path) => ((await lstat(path)).mode & 0o777).toString(8)));
    expect(bits).toEqual(['700', '700', '600']);
  });

  it('leaves nothing behind when what is to be kept breaks off', async () => {
    const { keep, codeOf, files } = await setUp();
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield* parts(10);
      throw new Error('broken off');
    };
    expect(await codeOf(keep(ALICE, broken()))).toBe('Error: broken off');
    expect(await files()).toEqual([]);
  });
});

describe('the room for results', () => {
  it('is bounded for each subject, whatever others keep', async () => {
    const { keep, codeOf, files } = await setUp();
    expect(await codeOf(keep(ALICE, parts(900 * KIB)))).toBe('kept');
    expect(await codeOf(keep(ALICE, parts(100 * KIB, 100 * KIB)))).toBe('FILE_TOO_LARGE');
    expect(await codeOf(keep(ALICE, parts(100 * KIB)))).toBe('kept');
    expect(await codeOf(keep(BOB, parts(1000 * KIB)))).toBe('kept');
    expect(await files()).toHaveLength(3);
  });

  it('is bounded for all together', async () => {
    const { keep, codeOf } = await setUp({ bytesInTotal: 1024 * KIB });
    expect(await codeOf(keep(ALICE, parts(900 * KIB)))).toBe('kept');
    expect(await codeOf(keep(BOB, parts(200 * KIB)))).toBe('FILE_TOO_LARGE');
  });

  it('does not let small files grow without number', async () => {
    const { keep, codeOf } = await setUp();
    const codes: string[] = [];
    for (let count = 0; count < 17; count++) codes.push(await codeOf(keep(ALICE, 'x')));
    expect(codes.filter((code) => code === 'kept').length).toBeLessThanOrEqual(16);
    expect(codes.at(-1)).toBe('FILE_TOO_LARGE');
  });

  it('is not overdrawn by processes that write at the same time', async () => {
    const first = await setUp();
    const second = await setUp({}, first.place);
    const codes = await Promise.all(
      [first, second, first, second].map(({ keep, codeOf }) =>
        codeOf(keep(ALICE, parts(300 * KIB, 300 * KIB))),
      ),
    );
    expect(codes.filter((code) => code === 'kept').length).toBeLessThanOrEqual(1);
    expect(await first.files()).toHaveLength(codes.filter((code) => code === 'kept').length);
  });

  it('is there again when what was kept has expired', async () => {
    let now = Date.now();
    const { keep, codeOf, files } = await setUp({ now: () => now });
    await keep(ALICE, parts(1000 * KIB));
    expect(await codeOf(keep(ALICE, parts(1000 * KIB)))).toBe('FILE_TOO_LARGE');
    now += 61_000;
    expect(await codeOf(keep(ALICE, parts(1000 * KIB), 'new.json'))).toBe('kept');
    expect(await files()).toEqual(['new.json']);
  });
});

describe('sweeping', () => {
  it('removes what has expired of everybody, and folders that are empty then', async () => {
    let now = Date.now();
    const { area, keep, place } = await setUp({ now: () => now });
    await keep(ALICE, 'x');
    now += 61_000;
    await keep(BOB, 'x');
    // Bob's file has the time of the system's clock, which is that of Alice's.
    await Promise.all([area.sweep(), area.sweep()]);
    expect(await readdir(place)).toEqual([]);
  });

  it('removes what a process that is gone was writing, but not what is being written', async () => {
    const { area, keep, place, files } = await setUp();
    await keep(ALICE, 'x');
    const [folder = ''] = await readdir(place);
    const [stale, fresh] = [join(place, folder, '.stale'), join(place, folder, '.fresh')];
    await Promise.all([writeFile(stale, 'x'), writeFile(fresh, 'x')]);
    const hoursAgo = Date.now() / 1000 - 7200;
    await utimes(stale, hoursAgo, hoursAgo);
    await area.sweep();
    expect(await files()).toEqual(['.fresh', 'rows.json']);
  });

  it('touches nothing that is not a folder of ours', async () => {
    const { area, place } = await setUp();
    await mkdir(join(place, 'other'), { recursive: true });
    await writeFile(join(place, 'other/old.txt'), 'x');
    await writeFile(join(place, 'old.txt'), 'x');
    for (const path of ['other/old.txt', 'old.txt']) await utimes(join(place, path), 1, 1);
    await area.sweep();
    expect(await readdir(place)).toEqual(['old.txt', 'other']);
    expect(await readdir(join(place, 'other'))).toEqual(['old.txt']);
  });

  it('may meet a folder that does not exist', async () => {
    const { area, lines } = await setUp();
    await area.sweep();
    expect(lines).toEqual([]);
  });
});
