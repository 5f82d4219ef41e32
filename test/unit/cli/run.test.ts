import { describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/index.ts';
import { surroundings } from './recorder.ts';

async function runWith(argv: readonly string[], env: Record<string, string> = {}) {
  const around = surroundings(argv, env);
  const status = await run(around);
  return { status, stdout: around.stdout.text, stderr: around.stderr.text };
}

describe('the command line', () => {
  it('lists every command with its subcommands, the settings and the exit statuses', async () => {
    const { status, stdout } = await runWith(['--help']);
    expect(status).toBe(0);
    for (const command of [
      'serve',
      'check',
      'users add|list|passwd|remove|groups|disable|enable',
      'keys new|list|rotate',
      'connections',
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command.replaceAll('|', '\\|')} `, 'm'));
    }
    expect(stdout).toContain('docs/configuration.md');
    expect(stdout).toContain('78  the configuration is wrong');
  });

  it('tells its version', async () => {
    expect(await runWith(['--version'])).toEqual({ status: 0, stdout: '1.2.3\n', stderr: '' });
  });

  it.each([
    [['srve'], "unknown command 'srve'\n(Did you mean serve?)"],
    [['users', 'lst'], "unknown command 'lst'\n(Did you mean list?)"],
    [['users', 'add'], "missing required argument 'email'"],
    [['check', '--jsn'], "unknown option '--jsn'"],
    [['users', 'add', 'a@example.com', '--password', 'x'], "unknown option '--password'"],
  ])('refuses %j with status 2 and a hint', async (argv, hint) => {
    const { status, stdout, stderr } = await runWith(argv);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(hint);
  });

  it('shows the subcommands of a command that needs one', async () => {
    const { status, stderr } = await runWith(['users']);
    expect(status).toBe(2);
    expect(stderr).toContain('passwd <email>');
  });
});

describe('check', () => {
  it('prints the effective configuration with its sources', async () => {
    const { status, stdout } = await runWith(['check'], { PORT: '4000' });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ {2}port: 4000 +# PORT$/m);
    expect(stdout).toMatch(/^ {2}host: 127\.0\.0\.1 +# default$/m);
  });

  it('ends with 78 and all problems where the configuration is wrong', async () => {
    const { status, stdout, stderr } = await runWith(['check'], { PORT: 'x', LOG_LEVEL: 'y' });
    expect(status).toBe(78);
    expect(stdout).toBe('');
    expect(stderr).toContain('The configuration has 2 problems');
    expect(stderr).toMatch(/1\. PORT\n[^]+2\. LOG_LEVEL\n/);
  });
});
