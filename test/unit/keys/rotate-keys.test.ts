import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_SEALED_LIFETIME } from '../../../src/core/lifetimes.ts';
import { rotateKeys } from '../../../src/keys/index.ts';
import { keyFilePath, loadKeyFile } from '../../../src/keys/key-file.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';

let dataDir: string;
let clock: ManualClock;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'fairlead-keys-'));
  clock = new ManualClock();
});
afterEach(() => rm(dataDir, { recursive: true }));

describe('a rotation', () => {
  it('keeps what still counts and drops what does not', async () => {
    const kids = [(await loadKeyFile(dataDir, clock)).signing[0]?.kid];
    kids.unshift((await rotateKeys({ dataDir }, clock)).kid);
    clock.advance(3_600_000);
    kids.unshift((await rotateKeys({ dataDir }, clock)).kid);
    expect((await loadKeyFile(dataDir, clock)).signing.map(({ kid }) => kid)).toEqual(kids);
    clock.advance(3_600_000);
    await rotateKeys({ dataDir }, clock);
    const kept = (await loadKeyFile(dataDir, clock)).signing.map(({ kid }) => kid);
    expect(kept.slice(1)).toEqual(kids.slice(0, 2));
  });

  it('keeps a sealing key for as long as anything that it sealed can live', async () => {
    const [first] = (await loadKeyFile(dataDir, clock)).sealing;
    const { activeAt } = await rotateKeys({ dataDir }, clock);
    clock.advance(activeAt - clock.now() + MAX_SEALED_LIFETIME * 1000);
    await rotateKeys({ dataDir }, clock);
    const kids = (await loadKeyFile(dataDir, clock)).sealing.map(({ kid }) => kid);
    expect(kids).toHaveLength(3);
    expect(kids[2]).toBe(first?.kid);
    clock.advance(120_000);
    await rotateKeys({ dataDir }, clock);
    expect((await loadKeyFile(dataDir, clock)).sealing.map(({ kid }) => kid)).not.toContain(first?.kid);
  });

  it('that drops the old keys leaves none of them', async () => {
    const before = await loadKeyFile(dataDir, clock);
    await rotateKeys({ dataDir }, clock, { dropOld: true });
    const after = await loadKeyFile(dataDir, clock);
    for (const kind of ['signing', 'cookies', 'sealing'] as const) {
      expect(after[kind]).toHaveLength(1);
      expect(after[kind][0]).not.toEqual(before[kind][0]);
      expect(after[kind][0]?.activeAt).toBe(clock.now());
    }
  });

  it('beside another one is refused, unless that one has died', async () => {
    await loadKeyFile(dataDir, clock);
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => rotateKeys({ dataDir }, clock)));
    const done = results.filter(({ status }) => status === 'fulfilled');
    const { signing, sealing } = await loadKeyFile(dataDir, clock);
    expect(signing).toHaveLength(done.length + 1);
    expect(sealing).toHaveLength(done.length + 1);

    const draft = `${keyFilePath(dataDir)}.new`;
    await writeFile(draft, '', { mode: 0o600 });
    await expect(rotateKeys({ dataDir }, clock)).rejects.toMatchObject({ code: 'BUSY' });
    const past = Date.now() / 1000 - 120;
    await utimes(draft, past, past);
    await rotateKeys({ dataDir }, clock);
  });
});
