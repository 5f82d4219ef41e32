import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Grants, hashedGrantId } from '../../../../../src/auth/server/tokens/grants.ts';
import type { Store } from '../../../../../src/core/store.ts';
import { openStore } from '../../../../../src/store/index.ts';
import { heldRead } from '../../../../fixtures/racing-store.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const NOW = Date.now();
const SECONDS = Math.floor(NOW / 1000);

let store: Store;
let grants: Grants;

beforeEach(async () => {
  store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
  grants = new Grants(store);
  const details = {
    ...{ clientId: 'client', clientName: 'Client', clientHost: 'example.com', scopes: ['files:read'] },
    ...{ allowedAt: SECONDS, expiresAt: SECONDS + 3600 },
  };
  await grants.describe('ann', 'grant', details, 3600);
});
afterEach(() => store.close());

describe('the use of a grant', () => {
  it('is noted once a minute', async () => {
    const noted = async (): Promise<number | undefined> => (await grants.find('ann', 'grant'))?.lastUsedAt;
    await grants.noteUse('ann', 'grant', NOW);
    expect(await noted()).toBe(SECONDS);
    await grants.noteUse('ann', 'grant', NOW + 59_000);
    expect(await noted()).toBe(SECONDS);
    await grants.noteUse('ann', 'grant', NOW + 60_000);
    expect(await noted()).toBe(SECONDS + 60);
  });

  it('brings a grant back neither that was revoked meanwhile, nor one that has ended', async () => {
    const racing = heldRead(store, 'auth:account-grant:');
    const noting = new Grants(racing.store).noteUse('ann', 'grant', NOW);
    await racing.held;
    await grants.revokeOwn('ann', hashedGrantId('grant'));
    racing.release();
    await noting;
    expect(await grants.find('ann', 'grant')).toBeUndefined();
    await grants.noteUse('ann', 'grant', NOW);
    expect(await grants.find('ann', 'grant')).toBeUndefined();
  });
});
