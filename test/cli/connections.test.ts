import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConnectionLog } from '../../src/auth/connections/index.ts';
import { systemClock } from '../../src/core/clock.ts';
import { openStore } from '../../src/store/index.ts';
import { recordTelemetry } from '../fixtures/recorded-telemetry.ts';
import { emptyFolder, fairlead } from './fairlead.ts';

/** Leaves in a folder's store what a server leaves there. */
async function leaveSteps(cwd: string, clientId = 'client-1'): Promise<void> {
  const { logger } = recordTelemetry();
  const store = await openStore({ url: 'sqlite' }, { dataDir: join(cwd, 'data'), logger });
  const log = new ConnectionLog({ store, clock: systemClock, logger, keptSeconds: 3600 });
  const client = { clientId, address: '192.0.2.4', agent: 'desk/1.0' };
  log.note({
    action: 'client.registered',
    outcome: 'success',
    ...client,
    details: { name: 'Desk agent' },
  });
  log.note({
    action: 'authorization.refused',
    outcome: 'denied',
    ...client,
    details: { error: 'invalid_request', description: 'PKCE is required' },
  });
  log.note({ action: 'request.unauthenticated', outcome: 'denied', address: '198.51.100.7' });
  await log.close();
  await store.close();
}

describe('fairlead connections', () => {
  it('lists who came here, and tells the failing step of one first', async () => {
    const cwd = await emptyFolder();
    expect((await fairlead(['connections'], { cwd })).stdout).toBe('Nobody came here lately.\n');
    await leaveSteps(cwd);
    const { stdout } = await fairlead(['connections'], { cwd });
    expect(stdout).toMatch(/FAILED +client-1 +Desk agent +was refused authorization: The client sent no/);
    expect(stdout).toContain('198.51.100.7');

    const told = await fairlead(['connections', 'desk AGENT'], { cwd });
    const [title, , failed, why, fix] = told.stdout.split('\n');
    expect(title).toBe('Desk agent (client-1)');
    expect(failed).toMatch(/^Failed: It was refused authorization, \d{4}-/);
    expect(why).toBe('Why: The client sent no code_challenge, or not with S256.');
    expect(fix).toBe('Fix: use a client that does PKCE, as OAuth 2.1 and MCP demand');
    expect(told.stdout.indexOf('registered')).toBeLessThan(told.stdout.lastIndexOf('was refused'));

    const json = await fairlead(['connections', 'client-1', '--json'], { cwd });
    expect(JSON.parse(json.stdout)).toMatchObject({
      who: { clientId: 'client-1' },
      diagnosis: { stalled: false, step: { reason: 'pkce_missing' } },
    });
    await leaveSteps(cwd, 'client-2');
    const several = await fairlead(['connections', 'desk agent'], { cwd });
    expect(several).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('the last active first: client-2, client-1') as string,
    });

    const unknown = await fairlead(['connections', 'nobody'], { cwd });
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining('nobody') as string });
  });
});

describe('what commands do', () => {
  it('is in the audit file, without a password', async () => {
    const cwd = await emptyFolder();
    const env = { FAIRLEAD_TELEMETRY_AUDIT_FILE: join(cwd, 'audit.log') };
    const password = 'a password nobody sees';
    const run = (argv: string[], input = '') => fairlead(argv, { cwd, env, input });
    await run(['users', 'add', 'ada@example.com', '--password-stdin'], password);
    await run(['users', 'add', 'bob@example.com', '--password-stdin'], password);
    await run(['users', 'passwd', 'bob@example.com', '--password-stdin'], `${password} either`);
    await run(['users', 'groups', 'bob@example.com', 'staff']);
    // Only looked at.
    await run(['users', 'groups', 'bob@example.com']);
    await run(['users', 'disable', 'bob@example.com']);
    expect((await run(['users', 'list'])).stdout).toMatch(/bob@example\.com +member +disabled/);
    await run(['users', 'enable', 'bob@example.com']);
    await run(['users', 'remove', 'bob@example.com', '--yes']);
    await run(['keys', 'rotate']);
    const text = await readFile(env.FAIRLEAD_TELEMETRY_AUDIT_FILE, 'utf8');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { action: string; details: { by: string } });
    expect(lines.map(({ action }) => action)).toEqual([
      ...['account.created', 'account.created', 'account.password-set', 'account.groups-changed'],
      ...['account.disabled', 'account.enabled', 'account.removed', 'keys.rotated'],
    ]);
    expect(lines.every(({ details }) => details.by === 'command line')).toBe(true);
    expect(text).not.toContain(password);
  });

  it('adds nobody who could not sign in', async () => {
    const cwd = await emptyFolder();
    const provider = { id: 'corp', name: 'Corp', issuer: 'https://login.example', clientId: 'fairlead' };
    const auth = { mode: 'broker', identityProviders: [{ ...provider, clientSecret: 'secret' }] };
    await writeFile(join(cwd, 'fairlead.yaml'), JSON.stringify({ auth }), { mode: 0o600 });
    const env = { FAIRLEAD_CONFIG: 'fairlead.yaml' };
    const add = (email: string) =>
      fairlead(['users', 'add', email, '--password-stdin'], { cwd, env, input: 'a good password' });
    // The first one is an owner.
    expect(await add('ada@example.com')).toMatchObject({ status: 0 });
    expect(await add('bob@example.com')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('members sign in at an identity provider') as string,
    });
  });

  it('never leaves a deployment without an owner', async () => {
    const cwd = await emptyFolder();
    await fairlead(['users', 'add', 'ada@example.com', '--password-stdin'], {
      cwd,
      input: 'a good password',
    });
    for (const argv of [
      ['users', 'disable', 'ada@example.com'],
      ['users', 'remove', 'ada@example.com', '--yes'],
    ]) {
      const refused = await fairlead(argv, { cwd });
      expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('last owner') as string });
    }
    expect((await fairlead(['users', 'list'], { cwd })).stdout).toContain('ada@example.com');
  });
});
