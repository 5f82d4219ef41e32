import { JWKSNoMatchingKey } from 'jose/errors';
import { beforeEach, describe, expect, it } from 'vitest';
import { IssuerKeys } from '../../../../../src/auth/modes/external/issuer-keys.ts';
import { newKey, type TestKey } from '../../../../fixtures/access-tokens.ts';
import { ManualClock } from '../../../../fixtures/manual-clock.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const [first, second] = [await newKey('one'), await newKey('two')];
const TOKEN = { payload: '', signature: '' };

let clock: ManualClock;
let served: TestKey[];
let down: boolean;
let fetches: number;
let keys: IssuerKeys;

beforeEach(() => {
  clock = new ManualClock();
  served = [first];
  down = false;
  fetches = 0;
  keys = new IssuerKeys({
    issuer: 'https://issuer.example',
    fetchKeys: () => {
      fetches += 1;
      if (down) return Promise.reject(new Error('down'));
      return Promise.resolve({ keys: served.map(({ publicJwk }) => publicJwk) });
    },
    clock,
    logger: recordTelemetry().logger,
    refreshSeconds: 300,
    cooldownSeconds: 30,
    staleSeconds: 3600,
  });
});

/** Whether the key of a token is found; what is thrown otherwise. */
async function find(kid: string | undefined): Promise<unknown> {
  try {
    await keys.find({ alg: 'ES256', ...(kid === undefined ? {} : { kid }) }, TOKEN);
    return 'found';
  } catch (error) {
    return error instanceof JWKSNoMatchingKey ? 'unknown' : error;
  }
}

describe('the keys of an issuer', () => {
  it('are fetched once for all who ask', async () => {
    expect(await Promise.all([find('one'), find('one'), find('one')])).toEqual(['found', 'found', 'found']);
    expect(await find('one')).toBe('found');
    expect(fetches).toBe(1);
  });

  it('are fetched in the background when they are old, while the old ones serve', async () => {
    await find('one');
    const before = keys.current;
    served = [first, second];
    clock.advance(300_000);
    expect(keys.current).toBe(before);
    await expect.poll(() => keys.current !== before).toBe(true);
    expect(fetches).toBe(2);
    expect(await find('two')).toBe('found');
  });

  it('stay the same object while the issuer serves the same', async () => {
    await find('one');
    const before = keys.current;
    clock.advance(300_000);
    keys.freshen();
    await expect.poll(() => fetches).toBe(2);
    expect(keys.current).toBe(before);
  });

  it('that were not asked for in a while are fetched before a token is judged', async () => {
    await find('one');
    served = [second];
    clock.advance(601_000);
    expect(keys.current).toBeUndefined();
    expect(await find('one')).toBe('unknown');
  });

  it('are not taken for fresh when the clock is set back', async () => {
    await find('one');
    clock.advance(-1000);
    await find('one');
    expect(fetches).toBe(2);
  });

  it('must be named by a token that several would fit', async () => {
    expect(await find(undefined)).toBe('found');
    served = [first, second];
    clock.advance(601_000);
    expect(await find(undefined)).toMatchObject({ code: 'INVALID_TOKEN' });
  });
});

describe('an unknown key', () => {
  it('is looked for at once, then at most once in a cooldown', async () => {
    await find('one');
    clock.advance(30_000);
    served = [first, second];
    expect(await find('two')).toBe('found');
    for (let count = 0; count < 20; count += 1) expect(await find(`three-${count}`)).toBe('unknown');
    expect(fetches).toBe(2);
    clock.advance(30_000);
    await Promise.all(Array.from({ length: 20 }, (_, count) => find(`four-${count}`)));
    expect(fetches).toBe(3);
  });

  it('is neither good nor bad while nobody can be asked', async () => {
    await find('one');
    clock.advance(30_000);
    down = true;
    expect(String(await find('two'))).toContain('cannot be fetched');
    expect(await find('two')).toBeInstanceOf(Error);
    expect(await find('one')).toBe('found');
    expect(fetches).toBe(2);
  });
});

describe('an outage of the key server', () => {
  it('from the start leaves every token unjudged, and costs one fetch in a cooldown', async () => {
    down = true;
    for (let count = 0; count < 5; count += 1) expect(await find('one')).toBeInstanceOf(Error);
    expect(fetches).toBe(1);
    expect(keys.failure).toBeDefined();
    down = false;
    clock.advance(30_000);
    expect(await find('one')).toBe('found');
    expect(keys.failure).toBeUndefined();
  });

  it('lets the known keys serve for the configured time and no longer', async () => {
    await find('one');
    down = true;
    clock.advance(3_900_000);
    expect(await find('one')).toBe('found');
    expect(keys.current).toBeDefined();
    clock.advance(1000);
    expect(await find('one')).toBeInstanceOf(Error);
    expect(keys.current).toBeUndefined();
  });

  it('is an empty key set as well', async () => {
    await find('one');
    served = [];
    clock.advance(300_000);
    keys.freshen();
    await expect.poll(() => keys.failure).toBeDefined();
    expect(await find('one')).toBe('found');
  });
});
