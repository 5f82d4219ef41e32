import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  MAX_PASSKEYS,
  type Passkey,
  passkeyHandle,
  PasskeyRecords,
} from '../../../../../src/auth/server/sign-in/passkey-records.ts';
import type { Store } from '../../../../../src/core/store.ts';
import { openStore } from '../../../../../src/store/index.ts';
import { meetingReads } from '../../../../fixtures/racing-store.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

let store: Store;
let records: PasskeyRecords;

beforeEach(async () => {
  store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
  records = new PasskeyRecords(store);
});
afterEach(() => store.close());

function passkey(id: string): Passkey {
  return {
    ...{ id, publicKey: 'key', counter: 0, transports: [], name: id },
    createdAt: new Date(0).toISOString(),
  };
}

describe('the passkeys of an account', () => {
  it('are found by their credential, changed, and gone when removed', async () => {
    await records.add('ann', passkey('one'));
    await records.add('ann', passkey('two'));
    const handle = passkeyHandle({ id: 'one' });
    expect(await records.find('one')).toMatchObject({ accountId: 'ann', passkey: { id: 'one' } });
    expect(await records.change('ann', handle, (one) => ({ ...one, counter: 7 }))).toBe(true);
    expect((await records.find('one'))?.passkey.counter).toBe(7);
    expect(await records.remove('ann', handle)).toMatchObject({ id: 'one' });
    expect(await records.find('one')).toBeUndefined();
    expect((await records.list('ann')).map(({ id }) => id)).toEqual(['two']);
    expect(await records.remove('ann', handle)).toBeUndefined();
  });

  it('belong to one account, and are free again when it has removed them', async () => {
    await records.add('ann', passkey('one'));
    expect(await records.add('bob', passkey('one'))).toBe(false);
    expect(await records.add('ann', passkey('one'))).toBe(false);
    expect((await records.find('one'))?.accountId).toBe('ann');
    await records.remove('ann', passkeyHandle({ id: 'one' }));
    expect(await records.add('bob', passkey('one'))).toBe(true);
  });

  it('can be registered again where an addition broke off half way', async () => {
    await store.put('auth:passkey-account:left', 'ann', 'permanent');
    await records.add('ann', passkey('one'));
    const [key = ''] = (await store.scan('auth:passkey-account:', 10)).keys.filter(
      (name) => !name.endsWith(':left'),
    );
    await store.take('auth:passkeys:ann');
    expect(await store.get(key)).toBe('ann');
    expect(await records.add('bob', passkey('one'))).toBe(true);
    expect((await records.find('one'))?.accountId).toBe('bob');
  });

  it('stay within their bound when the last place is taken twice at the same moment', async () => {
    for (let count = 1; count < MAX_PASSKEYS; count++) await records.add('ann', passkey(String(count)));
    const racing = new PasskeyRecords(meetingReads(store, 'auth:passkeys:'));
    const added = await Promise.all([
      racing.add('ann', passkey('left')),
      racing.add('ann', passkey('right')),
    ]);
    expect(added.toSorted()).toEqual([false, true]);
    expect(await records.list('ann')).toHaveLength(MAX_PASSKEYS);
  });

  it('count each use, also when two meet', async () => {
    await records.add('ann', passkey('one'));
    const racing = new PasskeyRecords(meetingReads(store, 'auth:passkeys:'));
    const count = () =>
      racing.change('ann', passkeyHandle({ id: 'one' }), (one) =>
        one.counter >= 1 ? undefined : { ...one, counter: 1 },
      );
    expect((await Promise.all([count(), count()])).toSorted()).toEqual([false, true]);
  });
});
