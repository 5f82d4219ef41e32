import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { serve } from '../../../src/cli/serve.ts';
import { Recorder, surroundings } from './recorder.ts';

async function start(env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-serve-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const stdout = new Recorder();
  stdout.isTTY = true;
  const around = {
    ...surroundings(['serve'], {
      PORT: '0',
      LOG_LEVEL: 'silent',
      FAIRLEAD_STORE: 'memory',
      FAIRLEAD_DATA_DIR: folder,
      ...env,
    }),
    stdout,
  };
  return { ended: serve(around), stdout, stderr: around.stderr, signals: around.signals };
}

it('welcomes a person at a terminal, and stops when asked', async () => {
  const { ended, stdout, signals } = await start();
  await expect.poll(() => stdout.text, { timeout: 10_000 }).toContain('Connect a client');
  expect(stdout.text).toContain('Create the owner');
  signals.emit('SIGINT');
  expect(await ended).toBe(0);
});

it('takes the second signal of one Ctrl+C for the same', async () => {
  const { ended, signals } = await start();
  signals.emit('SIGINT');
  signals.emit('SIGINT');
  expect(await ended).toBe(0);
});

it('stops with status 1 after a failure that nothing caught', async () => {
  const { ended, stdout, signals } = await start();
  await expect.poll(() => stdout.text, { timeout: 10_000 }).toContain('Connect a client');
  signals.emit('unhandledRejection', new Error('out of the blue'));
  expect(await ended).toBe(1);
});

it('tells a person of all problems as text', async () => {
  const { ended, stdout, stderr } = await start({ PORT: 'x', HOST: '0.0.0.0' });
  expect(await ended).toBe(78);
  expect(stdout.text).toBe('');
  expect(stderr.text).toContain('The configuration has 2 problems');
});
