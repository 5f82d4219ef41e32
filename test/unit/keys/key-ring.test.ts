import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_SEALED_LIFETIME } from '../../../src/core/lifetimes.ts';
import { rotateKeys } from '../../../src/keys/index.ts';
import { KeyRing } from '../../../src/keys/key-ring.ts';
import { ManualClock } from '../../fixtures/manual-clock.ts';
import { recordTelemetry } from '../../fixtures/recorded-telemetry.ts';

let dataDir: string;
let clock: ManualClock;
const rings: KeyRing[] = [];

beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), 'fairlead-keys-'));
  clock = new ManualClock();
});
afterEach(async () => {
  for (const ring of rings.splice(0)) ring.close();
  await rm(dataDir, { recursive: true });
});

/** The keys of another process on the same folder. */
async function open(): Promise<KeyRing> {
  const ring = await KeyRing.open({ dataDir, clock, logger: recordTelemetry().logger });
  rings.push(ring);
  return ring;
}

describe('the key ring', () => {
  it('turns only when there is a reason to', async () => {
    const ring = await open();
    const { keys } = ring;
    await ring.refresh();
    expect(ring.keys).toBe(keys);
    await rotateKeys({ dataDir }, clock);
    await ring.refresh();
    expect(ring.keys).not.toBe(keys);
    expect(ring.keys.verification.size).toBe(2);
  });

  it('shows no private part of a key', async () => {
    const ring = await open();
    const [entry] = ring.keys.verification.values();
    expect(Object.keys(entry ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  });
});

describe('what one process seals', () => {
  const value = { session: 1 };

  function kidOf(sealed: string): unknown {
    const [header = ''] = sealed.split('.');
    return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: unknown }).kid;
  }

  it('opens in another one on the same folder', async () => {
    const [one, other] = await Promise.all([open(), open()]);
    expect(await other.sealer.open('test', await one.sealer.seal('test', value, 60))).toEqual(value);
  });

  it('opens after a rotation everywhere, whichever process heard of it first', async () => {
    const [early, late] = await Promise.all([open(), open()]);
    const before = await early.sealer.seal('test', value, 3600);
    await rotateKeys({ dataDir }, clock);
    await early.refresh();
    // Published, and not sealing yet: the other process gets to know it first.
    const meanwhile = await early.sealer.seal('test', value, 3600);
    expect(kidOf(meanwhile)).toBe(kidOf(before));
    expect(await late.sealer.open('test', meanwhile)).toEqual(value);
    clock.advance(10_000);
    await Promise.all([early.refresh(), late.refresh()]);
    const after = await early.sealer.seal('test', value, 3600);
    expect(kidOf(after)).not.toBe(kidOf(before));
    expect(await late.sealer.open('test', after)).toEqual(value);
    expect(await late.sealer.open('test', before)).toEqual(value);
  });

  it('opens to the end of its life, and its key is dropped afterwards', async () => {
    const ring = await open();
    const { activeAt } = await rotateKeys({ dataDir }, clock);
    clock.advance(activeAt - clock.now() - 1000);
    await ring.refresh();
    const last = await ring.sealer.seal('test', value, MAX_SEALED_LIFETIME);
    clock.advance(MAX_SEALED_LIFETIME * 1000 - 1);
    await ring.refresh();
    expect(await ring.sealer.open('test', last)).toEqual(value);
    clock.advance(120_000);
    await ring.refresh();
    expect(ring.keys.sealing).toHaveLength(1);
  });

  it('is refused once a rotation has dropped its key', async () => {
    const [one, other] = await Promise.all([open(), open()]);
    const sealed = await one.sealer.seal('test', value, 3600);
    await rotateKeys({ dataDir }, clock, { dropOld: true });
    await Promise.all([one.refresh(), other.refresh()]);
    expect(await one.sealer.open('test', sealed)).toBeUndefined();
    expect(await other.sealer.open('test', sealed)).toBeUndefined();
    expect(await other.sealer.open('test', await one.sealer.seal('test', value, 60))).toEqual(value);
  });
});
