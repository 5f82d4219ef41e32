import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import about from '../../package.json' with { type: 'json' };
import { emptyFolder, fairlead } from './fairlead.ts';

describe('the built program', () => {
  it('prints its help and the version of the package', async () => {
    const cwd = await emptyFolder();
    const help = await fairlead(['--help'], { cwd });
    expect(help.status).toBe(0);
    expect(help.stdout).toContain('users add|list|passwd|remove');
    expect(help.stderr).toBe('');
    expect(await fairlead(['--version'], { cwd })).toEqual({
      status: 0,
      stdout: `${about.version}\n`,
      stderr: '',
    });
  });

  it('comes with the licences of what is bundled into it', async () => {
    const notices = await readFile(join(import.meta.dirname, '../../dist/THIRD_PARTY_NOTICES.txt'), 'utf8');
    for (const name of ['commander', 'express', 'oidc-provider', 'zod']) {
      expect(notices).toMatch(new RegExp(`^${name} \\d[^]*?(copyright|permission is hereby granted)`, 'im'));
    }
  });
});

describe('fairlead check', () => {
  it('shows what the environment and the file come to, and no secret', async () => {
    const cwd = await emptyFolder();
    const yaml =
      'auth:\n  clients:\n    - clientId: ci\n      name: CI\n      secret: ${CI_SECRET}\n      scopes: [files:read]\n';
    await writeFile(join(cwd, 'fairlead.yaml'), yaml);
    await writeFile(join(cwd, 'password'), 'a-password-to-hide\n', { mode: 0o600 });
    const env = {
      FAIRLEAD_CONFIG: 'fairlead.yaml',
      CI_SECRET: 'a-client-secret-to-hide-0123456789',
      METRICS_TOKEN: 'a-token-to-hide',
      FAIRLEAD_OWNER_EMAIL: 'owner@example.com',
      FAIRLEAD_OWNER_PASSWORD_FILE: 'password',
    };
    const { status, stdout, stderr } = await fairlead(['check'], { cwd, env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toContain('to-hide');
    expect(stdout).toMatch(/metricsToken: "\*{8}" +# METRICS_TOKEN$/m);
    expect(stdout).toMatch(/password: "\*{8}" +# FAIRLEAD_OWNER_PASSWORD_FILE$/m);
    expect(stdout).toMatch(/"secret":"\*{8}".* # fairlead\.yaml:2$/m);
  });

  it('ends with 78 and every problem, without a stack trace', async () => {
    const cwd = await emptyFolder();
    await writeFile(join(cwd, 'fairlead.yaml'), 'http:\n  prot: 1\n  port: [2]\n');
    const env = { FAIRLEAD_CONFIG: 'fairlead.yaml', NODE_ENV: 'production', FAIRLEAD_STOER: 'memory' };
    const { status, stdout, stderr } = await fairlead(['check'], { cwd, env });
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    expect(stderr).toContain('4 problems');
    expect(stderr).toContain('fairlead.yaml:2 http.prot');
    expect(stderr).toContain('fairlead.yaml:3 http.port');
    expect(stderr).toContain('did you mean FAIRLEAD_STORE?');
    expect(stderr).toContain('PUBLIC_URL');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

describe('fairlead users', () => {
  const password = 'correct horse battery';

  it('adds, lists, changes and removes accounts', async () => {
    const cwd = await emptyFolder();
    const add = (email: string, ...options: string[]) =>
      fairlead(['users', 'add', email, '--password-stdin', ...options], { cwd, input: `${password}\n` });

    expect(await fairlead(['users', 'list'], { cwd })).toMatchObject({
      status: 0,
      stdout: 'There is no account yet: fairlead users add EMAIL\n',
    });
    expect(await add('Ada@example.com', '--name', 'Ada L.')).toMatchObject({
      status: 0,
      stdout: 'Created the owner account ada@example.com.\n',
    });
    expect(await add('bob@example.com')).toMatchObject({
      status: 0,
      stdout: 'Created the member account bob@example.com.\n',
    });
    expect(await add('eve@example.com', '--owner')).toMatchObject({ status: 0 });

    const listed = await fairlead(['users', 'list', '--json'], { cwd });
    expect(JSON.parse(listed.stdout)).toEqual([
      expect.objectContaining({ email: 'ada@example.com', name: 'Ada L.', role: 'owner' }),
      expect.objectContaining({ email: 'bob@example.com', role: 'member' }),
      expect.objectContaining({ email: 'eve@example.com', role: 'owner' }),
    ]);
    expect(listed.stdout).not.toMatch(/hash|scrypt|argon/i);

    const changed = ['users', 'passwd', 'bob@example.com', '--password-stdin'];
    expect(await fairlead(changed, { cwd, input: 'another good password' })).toMatchObject({ status: 0 });
    expect(await fairlead(['users', 'remove', 'bob@example.com', '--yes'], { cwd })).toMatchObject({
      status: 0,
    });
    const { stdout } = await fairlead(['users', 'list'], { cwd });
    expect(stdout).toContain('ada@example.com');
    expect(stdout).not.toContain('bob@example.com');
  });

  it('fails with status 1 and a sentence that says what to do', async () => {
    const cwd = await emptyFolder();
    const add = ['users', 'add', 'ada@example.com', '--password-stdin'];
    await fairlead(add, { cwd, input: password });
    const again = await fairlead(add, { cwd, input: password });
    expect(again).toMatchObject({ status: 1, stdout: '' });
    expect(again.stderr).toContain('There is already an account for ada@example.com.');
    const short = await fairlead(['users', 'add', 'bob@example.com', '--password-stdin'], {
      cwd,
      input: 'short',
    });
    expect(short).toMatchObject({ status: 1, stderr: expect.stringContaining('12') as string });
    const unasked = await fairlead(['users', 'remove', 'ada@example.com'], { cwd });
    expect(unasked).toMatchObject({ status: 1, stderr: expect.stringContaining('use --yes') as string });
    const unknown = await fairlead(['users', 'passwd', 'eve@example.com', '--password-stdin'], { cwd });
    expect(unknown).toMatchObject({ status: 1, stderr: expect.stringContaining('no account') as string });
    const wordless = await fairlead(['users', 'add', 'bob@example.com'], { cwd });
    expect(wordless).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('--password-stdin') as string,
    });
  });

  it('refuses a store that ends with the process', async () => {
    const env = { FAIRLEAD_STORE: 'memory' };
    const { status, stderr } = await fairlead(['users', 'list'], { cwd: await emptyFolder(), env });
    expect(status).toBe(78);
    expect(stderr).toContain('FAIRLEAD_STORE');
  });
});

describe('fairlead keys rotate', () => {
  it('puts a new key before the old one', async () => {
    const cwd = await emptyFolder();
    const kids = async (): Promise<string[]> => {
      const file: unknown = JSON.parse(await readFile(join(cwd, 'data/keys/keyring.json'), 'utf8'));
      return (file as { signing: { kid: string }[] }).signing.map(({ kid }) => kid);
    };
    const first = await fairlead(['keys', 'rotate'], { cwd });
    expect(first.status).toBe(0);
    const [newest = '', ...older] = await kids();
    expect(first.stdout).toContain(newest);
    await fairlead(['keys', 'rotate'], { cwd });
    expect(await kids()).toEqual([expect.any(String), newest, ...older]);
  });
});

describe('fairlead keys with a key ring of something else', () => {
  const kidsOf = (ring: string): string[] =>
    (JSON.parse(ring) as { signing: { kid: string }[] }).signing.map(({ kid }) => kid);
  const secretsOf = (ring: string): string[] =>
    Array.from(ring.matchAll(/(?<="(?:secret|d)":")[^"]+/g), ([secret]) => secret);

  it('prints a new one as one line of JSON, which the service then takes', async () => {
    const cwd = await emptyFolder();
    const { status, stdout, stderr } = await fairlead(['keys', 'new'], { cwd });
    expect(status).toBe(0);
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(kidsOf(stdout)).toHaveLength(1);
    expect(stderr).toContain('FAIRLEAD_KEYS');
    const checked = await fairlead(['check'], { cwd, env: { FAIRLEAD_KEYS: stdout } });
    expect(checked.status).toBe(0);
    for (const secret of secretsOf(stdout)) expect(checked.stdout).not.toContain(secret);
  });

  it('is listed without anything secret', async () => {
    const cwd = await emptyFolder();
    const { stdout: ring } = await fairlead(['keys', 'new'], { cwd });
    for (const argv of [
      ['keys', 'list'],
      ['keys', 'list', '--json'],
    ]) {
      const { status, stdout } = await fairlead(argv, { cwd, env: { FAIRLEAD_KEYS: ring } });
      expect(status).toBe(0);
      expect(stdout).toContain(kidsOf(ring)[0]);
      expect(secretsOf(ring).length).toBeGreaterThan(2);
      for (const secret of secretsOf(ring)) expect(stdout).not.toContain(secret);
    }
  });

  it('is rotated to standard output, with what to do on standard error', async () => {
    const cwd = await emptyFolder();
    const { stdout: ring } = await fairlead(['keys', 'new'], { cwd });
    await writeFile(join(cwd, 'ring.json'), ring, { mode: 0o400 });
    for (const env of [{ FAIRLEAD_KEYS: ring }, { FAIRLEAD_KEYS_FILE: 'ring.json' }]) {
      const { status, stdout, stderr } = await fairlead(['keys', 'rotate'], { cwd, env });
      expect(status).toBe(0);
      expect(kidsOf(stdout)).toEqual([expect.any(String), ...kidsOf(ring)]);
      expect(stderr).toContain('Nothing has changed yet');
      for (const secret of secretsOf(stdout)) expect(stderr).not.toContain(secret);
    }
    expect(await readFile(join(cwd, 'ring.json'), 'utf8')).toBe(ring);
  });

  it('that is damaged is a configuration error, which repeats nothing of it', async () => {
    const cwd = await emptyFolder();
    const { stdout: ring } = await fairlead(['keys', 'new'], { cwd });
    const env = { FAIRLEAD_KEYS: ring.replace('"version":1', '"version":9') };
    for (const command of ['serve', 'check', 'keys list', 'keys rotate']) {
      const { status, stdout, stderr } = await fairlead(command.split(' '), { cwd, env });
      expect(status).toBe(78);
      expect(stdout + stderr).toContain('another version than 1');
      for (const secret of secretsOf(ring)) expect(stdout + stderr).not.toContain(secret);
    }
  });
});
