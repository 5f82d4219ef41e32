import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { ask, askPassword, readPassword } from '../../../src/cli/ask.ts';
import { Recorder } from './recorder.ts';

function terminal() {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  return { stdin, stderr: new Recorder() };
}

describe('a question', () => {
  it('is answered with the line that is typed', async () => {
    const streams = terminal();
    const answer = ask(streams, 'Remove? ', '--yes');
    streams.stdin.write('yes please\r');
    expect(await answer).toBe('yes please');
    expect(streams.stderr.text).toContain('Remove? ');
  });

  it('fails without a terminal, naming the option that does without one', async () => {
    const streams = { stdin: new PassThrough(), stderr: new Recorder() };
    await expect(ask(streams, 'Remove? ', '--yes')).rejects.toMatchObject({ next: 'use --yes' });
    expect(streams.stderr.text).toBe('');
  });

  it('is cancelled by Ctrl+C', async () => {
    const streams = terminal();
    const answer = ask(streams, 'Remove? ', '--yes');
    streams.stdin.write('\u0003');
    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' });
  });
});

describe('a new password', () => {
  it('is asked for twice and never shown', async () => {
    const streams = terminal();
    const answer = askPassword(streams);
    streams.stdin.write('correct horse\r');
    await vi.waitFor(() => {
      expect(streams.stderr.text).toContain('The same again');
    });
    streams.stdin.write('correct horse\r');
    expect(await answer).toBe('correct horse');
    expect(streams.stderr.text).not.toContain('horse');
  });

  it('is refused when the second one differs', async () => {
    const streams = terminal();
    const answer = askPassword(streams);
    streams.stdin.write('correct horse\r');
    await vi.waitFor(() => {
      expect(streams.stderr.text).toContain('The same again');
    });
    streams.stdin.write('battery staple\r');
    await expect(answer).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('can be piped in, and loses only its last newline', async () => {
    const stdin = new PassThrough();
    stdin.end(' correct horse \n\n');
    expect(await readPassword({ stdin, stderr: new Recorder() })).toBe(' correct horse \n');
  });
});
