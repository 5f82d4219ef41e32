import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { identityProvidersOption } from '../../../../../src/auth/options/identity-providers.ts';
import {
  type Account,
  type Accounts,
  openAccounts,
} from '../../../../../src/auth/server/accounts/accounts.ts';
import { IdentityProviders } from '../../../../../src/auth/server/federation/identity-providers.ts';
import { People } from '../../../../../src/auth/server/federation/people.ts';
import { UpstreamAccess } from '../../../../../src/auth/server/federation/upstream-access.ts';
import { Grants } from '../../../../../src/auth/server/tokens/grants.ts';
import type { Store } from '../../../../../src/core/store.ts';
import { createPrivateSealer } from '../../../../../src/keys/index.ts';
import { openStore } from '../../../../../src/store/index.ts';
import { type ForgingProvider, startForgingProvider } from '../../../../fixtures/forging-provider.ts';
import { ManualClock } from '../../../../fixtures/manual-clock.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const RECHECK = 600;

let upstream: ForgingProvider;
let clock: ManualClock;
let store: Store;
let accounts: Accounts;
let account: Account;
let processes: { readonly access: UpstreamAccess; readonly providers: IdentityProviders }[];
let asked: number;

beforeEach(async () => {
  upstream = await startForgingProvider();
  clock = new ManualClock(Date.now());
  const telemetry = recordTelemetry();
  store = await openStore({ url: 'memory' }, { dataDir: '', logger: telemetry.logger, clock });
  accounts = openAccounts({ store, clock });
  const people = new People({ accounts, store, telemetry });
  const sealer = createPrivateSealer(clock);
  const keyRing = { keys: { signing: [], verification: new Map<string, never>(), cookies: [] }, sealer };
  const { issuer, clientId, clientSecret } = upstream;
  const options = identityProvidersOption.parse([
    { id: 'corp', name: 'Corp', issuer, clientId, clientSecret, recheckSeconds: RECHECK },
  ]);
  processes = [1, 2].map(() => {
    const providers = new IdentityProviders(options, { clock });
    const grants = new Grants(store);
    const shared = { people, accounts, grants, store, keyRing, clock, telemetry };
    return { providers, access: new UpstreamAccess({ ...shared, identityProviders: providers }) };
  });
  asked = 0;
  account = await people.recognise(providerOf(0), upstream.claims('n'));
  await accessOf(0).begin(account, providerOf(0), 'first');
});

afterEach(() => upstream.close());

function accessOf(index: number): UpstreamAccess {
  const one = processes[index];
  if (one === undefined) throw new Error('There is no such process');
  return one.access;
}

function providerOf(index: number) {
  const provider = processes[index]?.providers.get('corp');
  if (provider === undefined) throw new Error('There is no such provider');
  return provider;
}

/** Lets the provider answer a refresh; a function may do something first. */
function answer(status: number, body: () => Promise<unknown>): void {
  upstream.replies.set('/token', (_request, response) => {
    asked += 1;
    void body().then((content) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(content));
    });
  });
}

function answerWell(): void {
  answer(200, async () => ({
    access_token: 'opaque',
    token_type: 'Bearer',
    refresh_token: `after ${asked}`,
    id_token: await upstream.sign({ ...upstream.claims('n'), groups: ['changed'] }),
  }));
}

describe('what is known of a person', () => {
  it('is asked for by one of many processes, and all of them know it then', async () => {
    answerWell();
    clock.advance(RECHECK * 1000);
    const standings = await Promise.all(
      Array.from({ length: 10 }, (_, index) => accessOf(index % 2).confirm(account)),
    );
    expect(asked).toBe(1);
    expect(standings.every((standing) => 'account' in standing)).toBe(true);
    expect((await accounts.find(account.id))?.groups).toEqual(['changed']);
  });

  it('is not held against somebody who signs in while the old refresh token is refused', async () => {
    answer(400, async () => {
      await accessOf(1).begin(account, providerOf(1), 'second');
      return { error: 'invalid_grant' };
    });
    clock.advance(RECHECK * 1000);
    expect(await accessOf(0).confirm(account)).toEqual({ account });
    expect(asked).toBe(1);
  });

  it('is no reason to cut anybody off when the operator has to mend something', async () => {
    answer(401, () => Promise.resolve({ error: 'invalid_client' }));
    clock.advance(RECHECK * 1000);
    expect(await accessOf(0).confirm(account)).toEqual({ account });
  });

  it('is asked for with the newest refresh token, even where the rest of its answer could not be used', async () => {
    const presented: (string | null)[] = [];
    upstream.metadata['userinfo_endpoint'] = `${upstream.issuer}/userinfo`;
    upstream.replies.set('/userinfo', (_request, response) => response.writeHead(503).end());
    upstream.replies.set('/token', (request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        presented.push(new URLSearchParams(text).get('refresh_token'));
        const body = { access_token: 'opaque', token_type: 'Bearer', refresh_token: 'second' };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      });
    });
    clock.advance(RECHECK * 1000);
    // What is known serves meanwhile, and is no fresher for it.
    expect(await accessOf(0).confirm(account)).toEqual({ account });
    clock.advance(10_000);
    expect(await accessOf(0).confirm(account)).toEqual({ account });
    expect(presented).toEqual(['first', 'second']);
  });

  it('does not come from an ID token that somebody else has signed', async () => {
    answer(200, async () => {
      const token = await upstream.sign({ ...upstream.claims('n'), groups: ['changed'] });
      return { access_token: 'opaque', token_type: 'Bearer', id_token: `${token.slice(0, -8)}AAAAAAAA` };
    });
    clock.advance(RECHECK * 1000);
    await accessOf(0).confirm(account);
    expect((await accounts.find(account.id))?.groups).toEqual(['readers']);
  });

  it('is kept with the refresh token of an earlier sign-in where a later one brings none', async () => {
    await accessOf(0).begin(account, providerOf(0), undefined);
    answerWell();
    clock.advance(RECHECK * 1000);
    await accessOf(0).confirm(account);
    expect(asked).toBe(1);
  });

  it('counts no longer than a sign-in where the provider tells nothing about the person', async () => {
    answer(200, () => Promise.resolve({ access_token: 'opaque', token_type: 'Bearer' }));
    clock.advance(RECHECK * 1000);
    expect(await accessOf(0).confirm(account)).toEqual({ account });
    clock.advance(8 * 3_600_000);
    expect(await accessOf(0).confirm(account)).toHaveProperty('ended');
  });
});
