import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { makeFolder, openTools } from '../fixtures/file-tools.ts';

/** A workspace beside a program that leaves a mark when anything runs it. */
async function setUp() {
  const outside = await makeFolder();
  const mark = join(outside, 'was-run');
  const program = join(outside, 'program');
  await writeFile(program, `#!/bin/sh\necho run > '${mark}'\ncat\n`);
  await chmod(program, 0o755);
  await writeFile(join(outside, 'patterns'), 'secret\n');
  const workspace = await makeFolder({
    'a.txt': 'harmless\n',
    '-e': 'secret in a file that is called like an option\n',
    '--files': 'secret in another one\n',
    'sub/--pre=program': 'secret in a third\n',
  });
  const tools = await openTools(workspace);
  return { tools, program, outside, wasRun: () => existsSync(mark) };
}

type Attack = (place: { program: string; outside: string }) => string;

const ATTACKS: [string, Attack][] = [
  ['an option that runs a program', ({ program }) => `--pre=${program}`],
  ['an option that names the host name program', ({ program }) => `--hostname-bin=${program}`],
  ['an option that reads patterns from a file', ({ outside }) => `--file=${outside}/patterns`],
  ['a short option', ({ outside }) => `-f${outside}/patterns`],
  ['an option that lists files', () => '--files'],
  ['the end of options', () => '--'],
  ['a shell command', ({ program }) => `$(${program})`],
  ['a chained command', ({ program }) => `x; ${program}`],
  ['a piped command', ({ program }) => `x | ${program}`],
  ['a command in backquotes', ({ program }) => `\`${program}\``],
];

describe('a pattern that is', () => {
  it.each(ATTACKS)('%s is searched for and does nothing else', async (_, attack) => {
    const { tools, wasRun, ...place } = await setUp();
    for (const regex of [false, true]) {
      const answer = tools.text('search_files', { pattern: attack(place), regex });
      // An expression that is malformed as such may be refused.
      expect(await answer.catch((error: unknown) => String(error))).not.toContain('secret');
    }
    expect(wasRun()).toBe(false);
  });
});

describe('a glob or path that is', () => {
  it.each(ATTACKS)('%s selects files by that name and does nothing else', async (_, attack) => {
    const { tools, wasRun, ...place } = await setUp();
    const value = attack(place);
    const searches = [
      { pattern: 'harmless', glob: [value] },
      { pattern: 'harmless', path: value },
    ];
    for (const search of searches) {
      await tools.text('search_files', search).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'AppError' });
      });
      await tools.text('list_files', { path: '/', glob: value }).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'AppError' });
      });
    }
    expect(wasRun()).toBe(false);
  });
});

it('files that are called like options are files', async () => {
  const { tools, wasRun } = await setUp();
  const found = await tools.text('search_files', { pattern: 'secret', mode: 'files' });
  for (const name of ['-e', '--files', '--pre=program']) expect(found).toContain(name);
  for (const path of ['-e', '--files', 'sub/--pre=program']) {
    expect(await tools.text('search_files', { pattern: 'secret', path })).toContain('secret in a');
  }
  expect(wasRun()).toBe(false);
});

it('no file or variable of the host steers a search', async () => {
  const host = await makeFolder({
    '.ignore': '*.txt\n',
    '.gitignore': '*.txt\n',
    ripgreprc: '--glob=!*.txt\n',
    'workspace/a.txt': 'harmless\n',
  });
  vi.stubEnv('RIPGREP_CONFIG_PATH', join(host, 'ripgreprc'));
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const tools = await openTools(join(host, 'workspace'));
  expect(await tools.text('search_files', { pattern: 'harmless', mode: 'files' })).toContain('a.txt');
});
