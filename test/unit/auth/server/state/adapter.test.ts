import { beforeEach, describe, expect, it } from 'vitest';
import {
  EntityAdapter,
  GrantAdapter,
  OneTimeAdapter,
  ReplayAdapter,
  SessionAdapter,
} from '../../../../../src/auth/server/state/adapter.ts';
import { Grants, hashedGrantId } from '../../../../../src/auth/server/tokens/grants.ts';
import { systemClock } from '../../../../../src/core/clock.ts';
import type { Store } from '../../../../../src/core/store.ts';
import { openStore } from '../../../../../src/store/index.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const IN_A_MINUTE = Math.floor(Date.now() / 1000) + 60;

let store: Store;
let context: { store: Store; clock: typeof systemClock; grants: Grants };

beforeEach(async () => {
  store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
  context = { store, clock: systemClock, grants: new Grants(store) };
});

async function everything(): Promise<string> {
  const { keys } = await store.scan('auth:', 1000);
  const values = await Promise.all(keys.map((key) => store.get(key)));
  return [...keys, ...values].join('\n');
}

describe('an entity', () => {
  it('is found by its id, which stands nowhere in the store', async () => {
    const adapter = new EntityAdapter('AccessToken', context);
    await adapter.upsert('the-secret-id', { jti: 'the-secret-id', scope: 'files:read' }, 60);
    expect(await adapter.find('the-secret-id')).toMatchObject({ jti: 'the-secret-id', scope: 'files:read' });
    expect(await adapter.find('another-id')).toBeUndefined();
    expect(await everything()).not.toContain('the-secret-id');
    await adapter.destroy('the-secret-id');
    expect(await adapter.find('the-secret-id')).toBeUndefined();
  });

  it('without a lifetime is refused: nothing of the protocol is for ever', async () => {
    const adapter = new EntityAdapter('AccessToken', context);
    await expect(adapter.upsert('id', {})).rejects.toThrow('no lifetime');
  });

  it('ends with the grant that it came of', async () => {
    const adapter = new EntityAdapter('AccessToken', context);
    await adapter.upsert('one', { grantId: 'grant' }, 60);
    await adapter.upsert('two', { grantId: 'grant' }, 60);
    await adapter.upsert('other', { grantId: 'another' }, 60);
    await adapter.revokeByGrantId('grant');
    expect(await adapter.find('one')).toBeUndefined();
    expect(await adapter.find('two')).toBeUndefined();
    expect(await adapter.find('other')).toBeDefined();
  });
});

describe('an entity that is good for one use', () => {
  it('is consumed once, whoever tries at the same time, and a second use ends its grant', async () => {
    const grants = new GrantAdapter('Grant', context);
    await grants.upsert('grant', { accountId: 'account' }, 60);
    const codes = new OneTimeAdapter('AuthorizationCode', context);
    await codes.upsert('code', { grantId: 'grant', exp: IN_A_MINUTE }, 60);
    const uses = await Promise.allSettled(Array.from({ length: 20 }, () => codes.consume('code')));
    expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(uses.find((use) => use.status === 'rejected')?.reason).toMatchObject({ error: 'invalid_grant' });
    expect(await grants.find('grant')).toBeUndefined();
    expect(await store.get(`auth:revoked:${hashedGrantId('grant')}`)).toBe('1');
    expect(await codes.find('code')).toMatchObject({ consumed: expect.any(Number) as number });
  });

  it('cannot be consumed when it is not there', async () => {
    const requests = new OneTimeAdapter('PushedAuthorizationRequest', context);
    await expect(requests.consume('nothing')).rejects.toMatchObject({ error: 'invalid_request_uri' });
  });
});

describe('the id of a client assertion', () => {
  it('is taken once', async () => {
    const replays = new ReplayAdapter('ReplayDetection', context);
    const uses = await Promise.allSettled(Array.from({ length: 5 }, () => replays.upsert('jti', {}, 60)));
    expect(uses.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(uses.find((use) => use.status === 'rejected')?.reason).toMatchObject({ error: 'invalid_client' });
  });
});

describe('a session', () => {
  it('is found by its uid, until it ends', async () => {
    const sessions = new SessionAdapter('Session', context);
    await sessions.upsert('id', { uid: 'uid', accountId: 'account' }, 60);
    expect(await sessions.findByUid('uid')).toMatchObject({ jti: 'id', accountId: 'account' });
    expect(await sessions.findByUid('other')).toBeUndefined();
    await sessions.destroy('id');
    expect(await sessions.findByUid('uid')).toBeUndefined();
    expect((await store.scan('auth:account-session:account:', 10)).keys).toEqual([]);
  });
});
