import type { Readable, Writable } from 'node:stream';
import type { ReadStream, WriteStream } from 'node:tty';

/** What a command sees of the process that it runs in. */
export interface Surroundings {
  /** The arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly version: string;
  readonly stdin: Readable & Partial<Pick<ReadStream, 'isTTY'>>;
  readonly stdout: Writable & Partial<Pick<WriteStream, 'isTTY'>>;
  readonly stderr: Writable;
  /** Emits `SIGTERM`, `SIGINT`, `uncaughtException` and `unhandledRejection`, as the process does. */
  readonly signals: NodeJS.EventEmitter;
}
