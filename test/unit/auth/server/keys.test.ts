import { chmod, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyRing } from '../../../../src/auth/server/key-ring.ts';
import { keyFilePath, loadKeyFile, rotateKeys } from '../../../../src/auth/server/keys.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';

let dataDir: string;
let clock: ManualClock;

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'fairlead-keys-'));
  clock = new ManualClock();
});
afterEach(() => rm(dataDir, { recursive: true }));

describe('the key file', () => {
  it('is made once, for its owner alone', async () => {
    const first = await loadKeyFile(dataDir, clock);
    expect(await loadKeyFile(dataDir, clock)).toEqual(first);
    expect((await stat(keyFilePath(dataDir))).mode & 0o777).toBe(0o600);
    expect((await stat(path.dirname(keyFilePath(dataDir)))).mode & 0o777).toBe(0o700);
  });

  it('is the same for processes that start at once', async () => {
    const files = await Promise.all(Array.from({ length: 8 }, () => loadKeyFile(dataDir, clock)));
    expect(new Set(files.map(({ signing }) => signing[0]?.kid)).size).toBe(1);
  });

  it.each([0o640, 0o604, 0o660, 0o644])('is refused with mode %o', async (mode) => {
    await loadKeyFile(dataDir, clock);
    await chmod(keyFilePath(dataDir), mode);
    await expect(loadKeyFile(dataDir, clock)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
    await expect(rotateKeys(dataDir, clock)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });

  it('is refused when it is damaged, without a word of what it holds', async () => {
    await loadKeyFile(dataDir, clock);
    const content = await readFile(keyFilePath(dataDir), 'utf8');
    await writeFile(keyFilePath(dataDir), content.slice(0, -20));
    const failure: unknown = await loadKeyFile(dataDir, clock).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'CONFIGURATION_INVALID' });
    expect((failure as Error).cause).toBeUndefined();
  });
});

describe('a rotation', () => {
  it('keeps what still counts and drops what does not', async () => {
    const kids = [(await loadKeyFile(dataDir, clock)).signing[0]?.kid];
    kids.unshift((await rotateKeys(dataDir, clock)).kid);
    clock.advance(3_600_000);
    kids.unshift((await rotateKeys(dataDir, clock)).kid);
    expect((await loadKeyFile(dataDir, clock)).signing.map(({ kid }) => kid)).toEqual(kids);
    clock.advance(3_600_000);
    await rotateKeys(dataDir, clock);
    const kept = (await loadKeyFile(dataDir, clock)).signing.map(({ kid }) => kid);
    expect(kept.slice(1)).toEqual(kids.slice(0, 2));
  });

  it('beside another one is refused, unless that one has died', async () => {
    await loadKeyFile(dataDir, clock);
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => rotateKeys(dataDir, clock)));
    const done = results.filter(({ status }) => status === 'fulfilled');
    const { signing } = await loadKeyFile(dataDir, clock);
    expect(signing).toHaveLength(done.length + 1);

    const draft = `${keyFilePath(dataDir)}.new`;
    await writeFile(draft, '', { mode: 0o600 });
    await expect(rotateKeys(dataDir, clock)).rejects.toMatchObject({ code: 'BUSY' });
    const past = Date.now() / 1000 - 120;
    await utimes(draft, past, past);
    await rotateKeys(dataDir, clock);
  });
});

describe('the key ring', () => {
  it('turns only when there is a reason to', async () => {
    const ring = await KeyRing.open({ dataDir, clock, logger: recordTelemetry().logger });
    const { keys } = ring;
    await ring.refresh();
    expect(ring.keys).toBe(keys);
    await rotateKeys(dataDir, clock);
    await ring.refresh();
    expect(ring.keys).not.toBe(keys);
    expect(ring.keys.verification.size).toBe(2);
    ring.close();
  });

  it('shows no private part of a key', async () => {
    const ring = await KeyRing.open({ dataDir, clock, logger: recordTelemetry().logger });
    const [entry] = ring.keys.verification.values();
    expect(Object.keys(entry ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    ring.close();
  });
});
