import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { claims, newKey, sign } from '../fixtures/access-tokens.ts';
import { AUDIENCE, type ExternalServer, startExternalServer } from '../fixtures/external-mode.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { startTokenIssuer, type TokenIssuer } from '../fixtures/token-issuer.ts';

let clock: ManualClock;
let issuer: TokenIssuer;
let server: ExternalServer;

beforeEach(async () => {
  clock = new ManualClock();
  issuer = await startTokenIssuer();
  server = await startExternalServer([{ issuer: issuer.issuer }], { clock });
  expect((await server.ask(await token())).status).toBe(200);
});
afterEach(async () => {
  await server.close();
  await issuer.close();
});

function token(kid: string = issuer.key.kid): Promise<string> {
  const exp = clock.now() / 1000 + 7200;
  return issuer.token({ aud: AUDIENCE, exp }, { kid }, clock.now());
}

function keyFetches(): number {
  return issuer.requests.filter((path) => path === '/keys').length;
}

it('a flood of tokens with unknown keys costs one fetch of the keys in a cooldown', async () => {
  clock.advance(30_000);
  const before = keyFetches();
  for (const round of [1, 2]) {
    const flood = await Promise.all(Array.from({ length: 50 }, () => token(randomUUID())));
    const answers = await Promise.all(flood.map((one) => server.ask(one)));
    expect(answers.map(({ status }) => status)).toEqual(flood.map(() => 401));
    for (const one of flood.slice(0, 5)) expect((await server.ask(one)).status).toBe(401);
    expect(keyFetches()).toBe(before + round);
    clock.advance(30_000);
  }
});

it('a key server that is down is no fault of the token: known ones are good, others wait', async () => {
  const known = await token();
  expect((await server.ask(known)).status).toBe(200);
  issuer.behaviour = 'down';
  clock.advance(301_000);
  const fresh = await token();
  expect((await server.ask(known)).status).toBe(200);
  expect((await server.ask(fresh)).status).toBe(200);
  const before = issuer.requests.length;
  for (let count = 0; count < 5; count += 1) {
    expect(await server.ask(await token(randomUUID()))).toMatchObject({ status: 503, challenge: '' });
  }
  expect(issuer.requests.length).toBeLessThanOrEqual(before + 1);
});

it('keys that could not be fetched for too long are trusted no more, and still nobody is sent to sign in', async () => {
  const known = await token();
  expect((await server.ask(known)).status).toBe(200);
  issuer.behaviour = 'down';
  clock.advance(4 * 3_600_000 + 301_000);
  const exp = clock.now() / 1000 + 300;
  const fresh = await issuer.token({ aud: AUDIENCE, exp }, {}, clock.now());
  expect(await server.ask(fresh)).toMatchObject({ status: 503, retryAfter: '5', challenge: '' });
});

it('no key is taken that a token brings along or points to', async () => {
  const forger = await newKey(issuer.key.kid);
  const forged = claims({ iss: issuer.issuer, aud: AUDIENCE }, clock.now());
  const asked = issuer.requests.length;
  for (const header of [
    {},
    { jwk: forger.publicJwk },
    { jku: `${issuer.origin}/forged`, kid: 'forged' },
    { x5u: `${issuer.origin}/forged` },
  ]) {
    expect((await server.ask(await sign(forger, forged, header))).status).toBe(401);
  }
  expect(issuer.requests).toHaveLength(asked);
});
