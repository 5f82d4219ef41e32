import { chmod, mkdir, mkdtemp, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listKeys, newKeyRing, rotateKeys } from '../../../src/keys/index.ts';
import { KeyRing } from '../../../src/keys/key-ring.ts';
import { isOpenToOthers, type KeyPlace } from '../../../src/keys/key-source.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import { recordTelemetry, type RecordedTelemetry } from '../../fixtures/recorded-telemetry.ts';

let folder: string;
let file: string;
let clock: ManualClock;
let telemetry: RecordedTelemetry;
const rings: KeyRing[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-key-source-'));
  file = path.join(folder, 'mounted.json');
  clock = new ManualClock();
  telemetry = recordTelemetry();
});
afterEach(async () => {
  for (const ring of rings.splice(0)) ring.close();
  await rm(folder, { recursive: true });
});

async function open(place: Omit<KeyPlace, 'dataDir'>): Promise<KeyRing> {
  const ring = await KeyRing.open({ dataDir: folder, clock, logger: telemetry.logger, ...place });
  rings.push(ring);
  return ring;
}

async function refusal(place: Omit<KeyPlace, 'dataDir'>): Promise<string> {
  try {
    await open(place);
    return 'opened';
  } catch (error) {
    expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', next: expect.any(String) as string });
    return (error as Error).message;
  }
}

/** Damaged in one place, with a secret that no message may repeat. */
function damaged(change: (ring: { signing: { jwk: object }[]; [name: string]: unknown }) => unknown): string {
  return JSON.stringify(change(JSON.parse(newKeyRing(clock)) as { signing: { jwk: object }[] }));
}

const BROKEN: readonly (readonly [string, () => string, RegExp])[] = [
  ['empty', () => ' \n', /is empty/],
  ['no JSON', () => newKeyRing(clock).slice(0, -20), /is damaged: it is not a JSON object/],
  ['no object', () => '"hunter2hunter2"', /is damaged: it is not a JSON object/],
  ['another version', () => damaged((ring) => ({ ...ring, version: 2 })), /another version than 1/],
  ['no version', () => damaged((ring) => ({ ...ring, version: undefined })), /another version than 1/],
  ['no signing key', () => damaged((ring) => ({ ...ring, signing: [] })), /is damaged at signing/],
  ['no cookie key', () => damaged((ring) => ({ ...ring, cookies: undefined })), /is damaged at cookies/],
  [
    'a short cookie secret',
    () => damaged((ring) => ({ ...ring, cookies: [{ secret: 'hunter2', activeAt: 0 }] })),
    /is damaged at cookies\.0\.secret/,
  ],
  [
    'a torn private key',
    () =>
      damaged(({ signing: [first], ...ring }) => ({
        ...ring,
        signing: [{ ...first, jwk: { ...first?.jwk, d: 'hunter2' } }],
      })),
    /is damaged at signing\.0\.jwk\.d/,
  ],
  [
    'nothing but a retired cookie key',
    () =>
      damaged((ring) => ({
        ...ring,
        cookies: [{ secret: 'hunter2'.padEnd(43, 'A'), activeAt: 0, retiredAt: 1 }],
      })),
    /has no key for each purpose that is still in use/,
  ],
];

describe('a key ring in the environment', () => {
  it('is the same for every process, and nothing is written', async () => {
    const ring = newKeyRing(clock);
    const [one, other] = [await open({ ring }), await open({ ring })];
    expect(one.keys).toEqual(other.keys);
    const sealed = await one.sealer.seal('test', { session: 1 }, 60);
    expect(await other.sealer.open('test', sealed)).toEqual({ session: 1 });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(BROKEN)('is refused with %s, without a word of what it holds', async (_what, text, expected) => {
    const message = await refusal({ ring: text() });
    expect(message).toMatch(expected);
    expect(message).toContain('FAIRLEAD_KEYS');
    expect(message).not.toContain('hunter2');
  });

  it('is not taken beside a file', async () => {
    expect(await refusal({ ring: newKeyRing(clock), file })).toContain('one place');
  });
});

describe('a key ring in a mounted file', () => {
  it.each([0o400, 0o440, 0o600, 0o640])('is taken with mode %o', async (mode) => {
    await writeFile(file, newKeyRing(clock));
    await chmod(file, mode);
    expect((await open({ file })).keys.signing).toHaveLength(1);
  });

  it.each([0o444, 0o644, 0o660, 0o602, 0o601])('is refused with mode %o', async (mode) => {
    await writeFile(file, newKeyRing(clock));
    await chmod(file, mode);
    expect(await refusal({ file })).toContain('Others may read or change');
  });

  it.each(BROKEN)('is refused with %s, without a word of what it holds', async (_what, text, expected) => {
    await writeFile(file, text(), { mode: 0o400 });
    const message = await refusal({ file });
    expect(message).toMatch(expected);
    expect(message).not.toContain('hunter2');
  });

  it('may have any mode where platforms mount secrets, but not by a path that leads out of there', () => {
    expect(isOpenToOthers('/run/secrets/keyring', 0o100444)).toBe(false);
    expect(isOpenToOthers('/run/secrets-of-others/keyring', 0o100444)).toBe(true);
    expect(isOpenToOthers('/run/secrets/../keyring', 0o100444)).toBe(true);
  });

  it('is not made where it is missing', async () => {
    expect(await refusal({ file })).toContain('is not there');
    expect(await readdir(folder)).toEqual([]);
  });

  it('is read again when the links that lead to it are turned over, as Kubernetes does', async () => {
    const mount = async (name: string, ring: string): Promise<void> => {
      await mkdir(path.join(folder, name));
      await writeFile(path.join(folder, name, 'ring'), ring, { mode: 0o440 });
      await symlink(name, path.join(folder, '..new'));
      await rename(path.join(folder, '..new'), path.join(folder, '..data'));
    };
    await mount('..1', newKeyRing(clock));
    await symlink('..data/ring', file);
    const running = await open({ file });
    const before = await running.sealer.seal('test', { session: 1 }, 3600);
    const { kid, activeAt, ring = '' } = await rotateKeys({ dataDir: folder, file }, clock);
    await mount('..2', ring);
    await running.refresh();
    expect(running.keys.signing[1]?.kid).toBe(kid);
    clock.advance(activeAt - clock.now());
    await running.refresh();
    expect(running.keys.signing[0]?.kid).toBe(kid);
    expect(await running.sealer.open('test', before)).toEqual({ session: 1 });
  });

  it('that breaks while the server runs leaves it with the keys that it has', async () => {
    await writeFile(file, newKeyRing(clock), { mode: 0o600 });
    const running = await open({ file });
    const { keys } = running;
    await writeFile(file, 'hunter2');
    await expect(running.refresh()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
    await rm(file);
    await expect(running.refresh()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
    expect(running.keys).toBe(keys);
    await writeFile(file, newKeyRing(clock), { mode: 0o600 });
    await running.refresh();
    expect(running.keys).not.toBe(keys);
  });
});

describe('a rotation of a ring that something else keeps', () => {
  it('is answered and not written, with time to hand it out', async () => {
    const old = newKeyRing(clock);
    await writeFile(file, old, { mode: 0o400 });
    for (const [place, seconds] of [
      [{ dataDir: folder, file }, 300],
      [{ dataDir: folder, ring: old }, 3600],
    ] as const) {
      const { activeAt, ring = '' } = await rotateKeys(place, clock);
      expect(activeAt).toBe(clock.now() + seconds * 1000);
      const turned = await open({ ring });
      const known = await open({ ring: old });
      expect(turned.keys.verification.size).toBe(2);
      // Not before everybody has it.
      expect(turned.keys.signing[0]?.kid).toBe(known.keys.signing[0]?.kid);
    }
    expect(await readdir(folder)).toEqual(['mounted.json']);
  });

  it('can be given more time', async () => {
    const { activeAt } = await rotateKeys({ dataDir: folder, ring: newKeyRing(clock) }, clock, {
      lead: 7200,
    });
    expect(activeAt).toBe(clock.now() + 7_200_000);
  });

  it('keeps the old keys until the longest-lived thing that they made has ended', async () => {
    const { activeAt, ring = '' } = await rotateKeys({ dataDir: folder, ring: newKeyRing(clock) }, clock);
    const running = await open({ ring });
    const sizes = (): number[] => [running.keys.verification.size, running.keys.sealing.length];
    clock.advance(activeAt - clock.now() + 3_600_000);
    await running.refresh();
    expect(sizes()).toEqual([2, 2]);
    clock.advance(120_000);
    await running.refresh();
    expect(sizes()).toEqual([1, 2]);
    clock.advance(7 * 86_400_000);
    await running.refresh();
    expect(sizes()).toEqual([1, 1]);
  });

  it('that drops the old keys leaves none of them', async () => {
    const place = { dataDir: folder, ring: newKeyRing(clock) };
    const { activeAt, kid, ring = '' } = await rotateKeys(place, clock, { dropOld: true });
    expect(activeAt).toBe(clock.now());
    expect((await open({ ring })).keys.signing.map((key) => key.kid)).toEqual([kid]);
  });
});

describe('the list of keys', () => {
  it('tells the state of each key and when it ends, and nothing secret', async () => {
    const ring = newKeyRing(clock);
    const { activeAt, kid, ring: turned = '' } = await rotateKeys({ dataDir: folder, ring }, clock);
    const states = async (): Promise<string[]> =>
      (await listKeys({ dataDir: folder, ring: turned }, clock)).map(
        ({ purpose, state }) => `${purpose} ${state}`,
      );
    expect(await states()).toEqual([
      ...['signing next', 'signing in use', 'cookies next'],
      ...['cookies in use', 'sealing next', 'sealing in use'],
    ]);
    clock.advance(activeAt - clock.now());
    const listed = await listKeys({ dataDir: folder, ring: turned }, clock);
    expect(listed[0]).toEqual({ purpose: 'signing', kid, state: 'in use', activeAt, endsAt: undefined });
    expect(listed[1]).toMatchObject({ state: 'old', endsAt: activeAt + 3_660_000 });
    expect(listed[5]).toMatchObject({ state: 'old', endsAt: activeAt + (7 * 86_400 + 60) * 1000 });
    const text = JSON.stringify(listed);
    for (const [secret] of turned.matchAll(/(?<="(?:secret|d)":")[^"]+/g)) expect(text).not.toContain(secret);
  });

  it('is empty where there are none, and makes none', async () => {
    expect(await listKeys({ dataDir: folder }, clock)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });
});
