import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import type { Surroundings } from '../../../src/cli/surroundings.ts';

/** A stream that keeps what is written to it. */
export class Recorder extends Writable {
  text = '';
  isTTY = false;

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** Surroundings for a command, its output kept. */
export function surroundings(argv: readonly string[], env: Readonly<Record<string, string>>) {
  return {
    argv,
    env,
    cwd: '/srv/fairlead',
    version: '1.2.3',
    stdin: new PassThrough(),
    stdout: new Recorder(),
    stderr: new Recorder(),
    signals: new EventEmitter(),
  } satisfies Surroundings;
}
