import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AUDIENCE, type ExternalServer, startExternalServer } from '../fixtures/external-mode.ts';
import { ManualClock } from '../fixtures/manual-clock.ts';
import { startTokenIssuer, type TokenIssuer } from '../fixtures/token-issuer.ts';

const CREDENTIALS = { type: 'introspection', clientId: 'fairlead', clientSecret: 'a secret: between us' };

let clock: ManualClock;
let issuer: TokenIssuer;
let server: ExternalServer;

beforeEach(async () => {
  clock = new ManualClock();
  issuer = await startTokenIssuer();
  server = await startExternalServer([{ issuer: issuer.issuer, ...CREDENTIALS }], { clock });
});
afterEach(async () => {
  await server.close();
  await issuer.close();
});

/** A token that the issuer says this about. */
function known(changes: Record<string, unknown> = {}): string {
  const token = randomUUID();
  const now = clock.now() / 1000;
  issuer.known.set(token, {
    ...{ iss: issuer.issuer, aud: AUDIENCE, sub: 'ada', client_id: 'agent', scope: 'files:read' },
    ...{ exp: now + 300, token_type: 'Bearer', ...changes },
  });
  return token;
}

async function status(token: string): Promise<number> {
  return (await server.ask(token)).status;
}

describe('an opaque token', () => {
  it('is what the issuer says of it', async () => {
    expect(await server.ask(known())).toMatchObject({
      status: 200,
      caller: { subject: 'ada', clientId: 'agent', scopes: ['files:read'] },
    });
    expect(await status('unknown')).toBe(401);
  });

  it('is asked about with the credentials of this server', async () => {
    const token = known();
    await server.ask(token);
    const [question] = issuer.questions;
    expect(Object.fromEntries(question?.body ?? [])).toEqual({ token, token_type_hint: 'access_token' });
    // RFC 6749 §2.3.1: both are form-encoded before they are joined.
    const basic = Buffer.from('fairlead:a+secret%3A+between+us').toString('base64');
    expect(question?.authorization).toBe(`Basic ${basic}`);
  });

  it('is asked about with the secret in the body where the issuer wants that', async () => {
    const other = await startExternalServer([
      { issuer: issuer.issuer, ...CREDENTIALS, clientAuthentication: 'post' },
    ]);
    await other.ask('unknown');
    expect(issuer.questions[0]?.authorization).toBeUndefined();
    expect(issuer.questions[0]?.body.get('client_secret')).toBe(CREDENTIALS.clientSecret);
    await other.close();
  });

  it('is asked about once by all who present it at the same time', async () => {
    let release = (): void => undefined;
    issuer.hold = new Promise((resolve) => (release = resolve));
    const token = known();
    const answers = Promise.all(Array.from({ length: 10 }, () => status(token)));
    await expect.poll(() => issuer.questions.length).toBe(1);
    release();
    expect(await answers).toEqual(Array.from({ length: 10 }, () => 200));
    expect(issuer.questions).toHaveLength(1);
  });

  it('waits when fifty others are asked about already: a flood does not become one at the issuer', async () => {
    let release = (): void => undefined;
    issuer.hold = new Promise((resolve) => (release = resolve));
    const flood = Promise.all(Array.from({ length: 50 }, (_, count) => status(`unknown-${count}`)));
    await expect.poll(() => issuer.questions.length).toBe(50);
    expect(await server.ask('one-more')).toMatchObject({ status: 503, retryAfter: '5' });
    release();
    expect(new Set(await flood)).toEqual(new Set([401]));
    expect(issuer.questions).toHaveLength(50);
    expect(await status(known())).toBe(200);
  });

  it('is asked about again after a minute, and refused once it was revoked', async () => {
    const token = known();
    await server.ask(token);
    issuer.known.clear();
    clock.advance(59_999);
    expect(await status(token)).toBe(200);
    expect(issuer.questions).toHaveLength(1);
    clock.advance(1);
    expect(await status(token)).toBe(401);
  });

  it('is never good beyond its end, whatever was said before', async () => {
    const token = known({ exp: clock.now() / 1000 + 10 });
    expect(await status(token)).toBe(200);
    clock.advance(15_000);
    expect(await status(token)).toBe(401);
  });

  it('that is not good is not asked about again for ten seconds', async () => {
    for (let count = 0; count < 5; count += 1) expect(await status('unknown')).toBe(401);
    expect(issuer.questions).toHaveLength(1);
    clock.advance(10_000);
    expect(await status('unknown')).toBe(401);
    expect(issuer.questions).toHaveLength(2);
  });

  it.each([
    ['for another audience', { aud: 'https://elsewhere.example' }],
    ['for no audience', { aud: undefined }],
    ['of another issuer', { iss: 'https://other.example' }],
    ['of nobody', { sub: undefined }],
    ['without an end', { exp: undefined }],
    ['that has ended', { exp: 1 }],
    ['of a later time', { nbf: 4_102_444_800 }],
    ['that is a refresh token', { token_use: 'refresh_token' }],
    ['that is an ID token', { typ: 'ID' }],
    ['that is bound to a certificate', { cnf: { 'x5t#S256': 'x' } }],
  ])('is refused when the answer is about a token %s', async (_what, changes) => {
    expect(await status(known(changes))).toBe(401);
  });
});

describe('an issuer that cannot be asked', () => {
  it.each(['down', 'oversized', 'redirecting'] as const)(
    'because it is %s leaves unknown tokens unjudged; known ones are good as long as the answer counts',
    async (behaviour) => {
      const [before, after] = [known(), known()];
      expect(await status(before)).toBe(200);
      issuer.behaviour = behaviour;
      expect(await server.ask(after)).toMatchObject({ status: 503, retryAfter: '5', challenge: '' });
      expect(await status(before)).toBe(200);
      expect(issuer.requests).not.toContain('/elsewhere');
      clock.advance(60_000);
      expect(await status(before)).toBe(503);
      expect(await server.auth.checks[0]?.check()).toMatchObject({ status: 'degraded' });
      issuer.behaviour = 'good';
      expect([await status(before), await status(after)]).toEqual([200, 200]);
      expect(await server.auth.checks[0]?.check()).toEqual({ status: 'ok' });
    },
  );
});
