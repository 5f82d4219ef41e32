import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { MAX_SESSION_TOKEN_LENGTH, SessionTokens } from '../../../../src/mcp/sessions/session.ts';
import { openKeys, rotateKeys } from '../../../../src/keys/index.ts';
import { recordTelemetry } from '../../../fixtures/recorded-telemetry.ts';
import { openTestSealer } from '../../../fixtures/test-sealer.ts';
import { principalOf } from '../../../fixtures/principal.ts';

const sealer = await openTestSealer();
const other = await openTestSealer();
afterAll(async () => {
  await sealer.close();
  await other.close();
});

const principal = (subject: string) => principalOf({ subject, clientId: 'c' });
const alice = principal('alice');
const declared = {
  revision: '2025-11-25',
  capabilities: { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: true } },
  client: { name: 'a client', version: '1.2.3' },
};

async function issued(changes: object = {}): Promise<string> {
  const token = await new SessionTokens(sealer, 3600).issue(alice, { ...declared, ...changes });
  if (token === undefined) throw new Error('No session id');
  return token;
}

describe('a session id', () => {
  it('holds what the client has declared, for every process with the same keys', async () => {
    const session = await new SessionTokens(sealer, 3600).read(await issued(), alice);
    expect(session).toMatchObject({ ...declared, subject: 'alice' });
  });

  it('is visible ASCII and fits into a header', async () => {
    expect(await issued()).toMatch(/^[\x21-\x7e]{1,1000}$/);
  });

  it('tells nothing to who holds it', async () => {
    const token = await issued();
    const readable = token.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(readable.join()).not.toMatch(/alice|a client|elicitation/);
  });

  it('leaves out what no server acts on, however much of it there is', async () => {
    const experimental = { 'example/feature': { text: 'x'.repeat(100_000) } };
    const token = await issued({
      capabilities: { ...declared.capabilities, experimental },
      client: { name: 'n'.repeat(10_000), version: 'v'.repeat(10_000), icons: [{ src: 'x'.repeat(10_000) }] },
    });
    expect(token.length).toBeLessThan(MAX_SESSION_TOKEN_LENGTH);
    const session = await new SessionTokens(sealer, 3600).read(token, alice);
    expect(session?.capabilities).toEqual(declared.capabilities);
  });

  it('is refused to clients that declare more than fits', async () => {
    const modes = Object.fromEntries(
      Array.from({ length: 400 }, (_, n) => [
        `${'m'.repeat(1 + (n % 20))}${'n'.repeat(1 + Math.floor(n / 20))}`,
        {},
      ]),
    );
    expect(
      await new SessionTokens(sealer, 3600).issue(alice, {
        ...declared,
        capabilities: { elicitation: modes },
      }),
    ).toBeUndefined();
  });

  it.each([
    ['another subject', async () => [await issued(), principal('mallory')] as const],
    ['a changed id', async () => [`${(await issued()).slice(0, -4)}AAAA`, alice] as const],
    [
      'an id of other keys',
      async () => [(await new SessionTokens(other, 3600).issue(alice, declared)) ?? '', alice] as const,
    ],
    [
      'something sealed for another purpose',
      async () => [await sealer.seal('request-state', { subject: 'alice' }, 60), alice] as const,
    ],
    ['no id at all', () => Promise.resolve(['', alice] as const)],
    ['one that is longer than any', () => Promise.resolve(['a'.repeat(1_000_000), alice] as const)],
  ])('is unknown for %s', async (_what, make) => {
    const [token, caller] = await make();
    expect(await new SessionTokens(sealer, 3600).read(token, caller)).toBeUndefined();
  });

  it('is unknown once its time is over, also where it was in use until then', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const tokens = new SessionTokens(sealer, 3600);
      const token = await issued();
      expect(await tokens.read(token, alice)).toBeDefined();
      vi.setSystemTime(Date.now() + 3_601_000);
      expect(await tokens.read(token, alice)).toBeUndefined();
      expect(await new SessionTokens(sealer, 3600).read(token, alice)).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });

  it('outlives a rotation of the keys, and ends when the old ones are dropped', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'fairlead-session-'));
    onTestFinished(() => rm(dataDir, { recursive: true }));
    const keyRing = await openKeys({ dataDir, logger: recordTelemetry().logger });
    onTestFinished(() => {
      keyRing.close();
    });
    const token = (await new SessionTokens(keyRing.sealer, 3600).issue(alice, declared)) ?? '';
    const read = () => new SessionTokens(keyRing.sealer, 3600).read(token, alice);
    await rotateKeys({ dataDir }, systemClock);
    await keyRing.refresh();
    expect(await read()).toBeDefined();
    await rotateKeys({ dataDir }, systemClock, { dropOld: true });
    await keyRing.refresh();
    expect(await read()).toBeUndefined();
  });

  it('is unknown to another subject also right after its owner has used it', async () => {
    const tokens = new SessionTokens(sealer, 3600);
    const token = await issued();
    expect(await tokens.read(token, alice)).toBeDefined();
    expect(await tokens.read(token, principal('mallory'))).toBeUndefined();
  });
});
