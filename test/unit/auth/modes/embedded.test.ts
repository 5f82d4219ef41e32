import { beforeEach, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { createEmbeddedMode, type EmbeddedMode } from '../../../../src/auth/modes/embedded.ts';
import { revocationKey, revoke } from '../../../../src/auth/revocations.ts';
import { AppError } from '../../../../src/core/errors.ts';
import { claims, ISSUER, newKey, RESOURCE, sign, type TestKey } from '../../../fixtures/access-tokens.ts';
import { ManualClock } from '../../../fixtures/manual-clock.ts';
import { admitAll } from '../../../fixtures/principal.ts';

/** A store of revocations whose answers can be held back or refused. */
class Revocations {
  readonly records = new Map<string, string>();
  readonly listeners = new Set<(id: string) => void>();
  reads = 0;
  down = false;
  answer: Promise<void> = Promise.resolve();

  async get(key: string): Promise<string | undefined> {
    this.reads += 1;
    if (this.down) throw new AppError('UNAVAILABLE', 'The store cannot be reached.');
    const value = this.records.get(key);
    await this.answer;
    return value;
  }
  put(key: string, value: string): Promise<void> {
    this.records.set(key, value);
    return Promise.resolve();
  }
  publish(_channel: string, id: string): Promise<void> {
    for (const listener of this.listeners) listener(id);
    return Promise.resolve();
  }
  subscribe(_channel: string, listener: (id: string) => void): Promise<() => Promise<void>> {
    this.listeners.add(listener);
    return Promise.resolve(() => {
      this.listeners.delete(listener);
      return Promise.resolve();
    });
  }
}

const key = await newKey('k1');
let clock: ManualClock;
let store: Revocations;
let keys: Map<string, TestKey['publicJwk']>;
let mode: EmbeddedMode;

beforeEach(async () => {
  clock = new ManualClock();
  store = new Revocations();
  keys = new Map([[key.kid, key.publicJwk]]);
  mode = await open();
});

function open(): Promise<EmbeddedMode> {
  return createEmbeddedMode({
    issuer: ISSUER,
    resource: RESOURCE,
    verificationKeys: () => keys,
    store,
    clock,
    admit: admitAll,
  });
}

function token(changes: Record<string, unknown> = {}): Promise<string> {
  return sign(key, claims(changes, clock.now()));
}

/** The code with which the token is refused. */
async function refusal(presented: string): Promise<string> {
  try {
    await mode.authenticate(presented);
    return 'accepted';
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

describe('a valid access token', () => {
  it('stands for its subject, client and scopes until it expires', async () => {
    const { principal } = await mode.authenticate(await token({ scope: 'files:write' }));
    expect(principal).toMatchObject({ subject: 'ada', clientId: 'agent' });
    expect(principal.scopes.has('files:read')).toBe(true);
    expect(principal.expiresAt).toBe(clock.now() / 1000 + 300);
  });

  it('is answered in the same turn once it was verified', async () => {
    const presented = await token();
    const authenticated = await mode.authenticate(presented);
    expect(mode.authenticate(presented)).toBe(authenticated);
    expect(store.reads).toBe(1);
  });

  it('grants no scope when it has none', async () => {
    const { principal } = await mode.authenticate(await token({ scope: undefined }));
    expect(principal.scopes.granted).toEqual([]);
  });

  it('needs no grant', async () => {
    await expect(mode.authenticate(await token({ gid: undefined }))).resolves.toBeDefined();
  });

  it('passes while the clocks of two replicas differ by less than five seconds', async () => {
    const now = clock.now() / 1000;
    expect(await refusal(await token({ nbf: now + 4 }))).toBe('accepted');
    expect(await refusal(await token({ exp: now - 4 }))).toBe('accepted');
    expect(await refusal(await token({ nbf: now + 6 }))).toBe('INVALID_TOKEN');
    expect(await refusal(await token({ exp: now - 5 }))).toBe('INVALID_TOKEN');
  });
});

describe('a remembered token', () => {
  it('is refused from the moment it expires', async () => {
    const presented = await token();
    await mode.authenticate(presented);
    clock.advance(304_999);
    expect(await refusal(presented)).toBe('accepted');
    clock.advance(1);
    expect(await refusal(presented)).toBe('INVALID_TOKEN');
  });

  it('is refused once its key has left the ring', async () => {
    const presented = await token();
    await mode.authenticate(presented);
    keys.delete(key.kid);
    expect(await refusal(presented)).toBe('INVALID_TOKEN');
  });

  it('is asked about again after a second, once for all who wait', async () => {
    const presented = await token();
    await mode.authenticate(presented);
    clock.advance(1000);
    await Promise.all([mode.authenticate(presented), mode.authenticate(presented)]);
    expect(store.reads).toBe(2);
    expect(mode.authenticate(presented)).not.toBeInstanceOf(Promise);
  });

  it('is asked about again when the clock was set back', async () => {
    const presented = await token();
    await mode.authenticate(presented);
    clock.advance(-1);
    await mode.authenticate(presented);
    expect(store.reads).toBe(2);
  });
});

describe('revocation', () => {
  it('ends every token of the grant at once in this process', async () => {
    const [first, second, other] = [await token(), await token(), await token({ gid: 'grant-2' })];
    for (const presented of [first, second, other]) await mode.authenticate(presented);
    await revoke(store, 'grant-1', 300);
    expect(await refusal(first)).toBe('INVALID_TOKEN');
    expect(await refusal(second)).toBe('INVALID_TOKEN');
    expect(await refusal(other)).toBe('accepted');
  });

  it('ends a token without a grant by its own id', async () => {
    const presented = await token({ gid: undefined, jti: 'machine-token' });
    await mode.authenticate(presented);
    await revoke(store, 'machine-token', 300);
    expect(await refusal(presented)).toBe('INVALID_TOKEN');
  });

  it('reaches a process that was told nothing within one second', async () => {
    const presented = await token();
    await mode.authenticate(presented);
    store.records.set(revocationKey('grant-1'), '1');
    clock.advance(1000);
    expect(await refusal(presented)).toBe('INVALID_TOKEN');
    expect(await refusal(presented)).toBe('INVALID_TOKEN');
  });

  it('is not missed when it happens while a token is being verified', async () => {
    const presented = await token();
    let release = (): void => undefined;
    store.answer = new Promise((resolve) => {
      release = resolve;
    });
    const answer = refusal(presented);
    await expect.poll(() => store.reads).toBe(1);
    await revoke(store, 'grant-1', 300);
    release();
    expect(await answer).toBe('INVALID_TOKEN');
  });

  it('is heard no longer after closing', async () => {
    await mode.close();
    expect(store.listeners.size).toBe(0);
  });
});

describe('an outage of the store', () => {
  it('makes a new token unjudged, neither good nor bad', async () => {
    const presented = await token();
    store.down = true;
    await expect(mode.authenticate(presented)).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfter: 5 });
    store.down = false;
    expect(await refusal(presented)).toBe('accepted');
  });

  it('makes a remembered token unjudged as soon as its last check is a second old', async () => {
    const presented = await token();
    await mode.authenticate(presented);
    store.down = true;
    expect(await refusal(presented)).toBe('accepted');
    clock.advance(1000);
    expect(await refusal(presented)).toBe('UNAVAILABLE');
    expect(await refusal(presented)).toBe('UNAVAILABLE');
    store.down = false;
    expect(await refusal(presented)).toBe('accepted');
  });

  it('never hides that a token is bad of its own', async () => {
    store.down = true;
    expect(await refusal('a.b.c')).toBe('INVALID_TOKEN');
  });
});

describe('rotation of keys', () => {
  it('accepts the tokens of a key from the moment it is in the ring', async () => {
    const next = await newKey('k2');
    const presented = await sign(next, claims({}, clock.now()));
    expect(await refusal(presented)).toBe('INVALID_TOKEN');
    keys = new Map([...keys, [next.kid, next.publicJwk]]);
    expect(await refusal(presented)).toBe('accepted');
    expect(await refusal(await token())).toBe('accepted');
  });

  it('is unavailable, not a bad token, when the ring holds an unusable key', async () => {
    keys.set(key.kid, { kty: 'EC', crv: 'P-256', x: 'not', y: 'a point' });
    expect(await refusal(await token())).toBe('UNAVAILABLE');
  });
});

describe('claims of a wrong kind', () => {
  it.each([
    ['sub', 7],
    ['client_id', { id: 'agent' }],
    ['jti', null],
    ['gid', 7],
    ['gid', null],
    ['scope', ['files:read']],
    ['exp', 'tomorrow'],
    ['cnf', { jkt: 'thumbprint' }],
  ])('%s = %j make a token invalid', async (name, value) => {
    expect(await refusal(await token({ [name]: value }))).toBe('INVALID_TOKEN');
  });
});

describe('anything else that is presented', () => {
  it('is an invalid token, never an outage', async () => {
    const parts = (await token()).split('.');
    const part = fc.oneof(fc.constantFrom(...parts), fc.string(), fc.base64String());
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (presented) => {
        fc.pre(presented.join('.') !== parts.join('.'));
        expect(await refusal(presented.join('.'))).toBe('INVALID_TOKEN');
      }),
      { numRuns: 300 },
    );
  });
});
