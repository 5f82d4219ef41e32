import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { programBeside } from '../core/program-beside.ts';
import type { Logger } from '../core/telemetry.ts';

const PROGRAM = programBeside(import.meta.url, 'warden');

/** Starting the warden takes longer than many jobs: it waits for the next one. */
const IDLE_MS = 10_000;

/** Has the warden stand by as long as something runs that must not outlive this process, and a while longer. */
export class Watch {
  readonly #prefix: string;
  readonly #logger: Logger;
  #warden: ChildProcess | undefined;
  #holders = 0;
  #idle: NodeJS.Timeout | undefined;

  /** @param prefix How the marks begin of what the warden ends. */
  constructor(prefix: string, logger: Logger) {
    this.#prefix = prefix;
    this.#logger = logger;
  }

  /** Answers how to let go, to be called once. */
  hold(): () => void {
    this.#holders++;
    clearTimeout(this.#idle);
    this.#warden ??= this.#start();
    return () => {
      if (--this.#holders > 0) return;
      this.#idle = setTimeout(() => {
        this.close();
      }, IDLE_MS).unref();
    };
  }

  /** Lets the warden go. What it watches over has ended. */
  close(): void {
    clearTimeout(this.#idle);
    this.#warden?.stdin?.destroy();
    this.#warden = undefined;
  }

  #start(): ChildProcess {
    const warden = spawn(process.execPath, [PROGRAM, this.#prefix], {
      stdio: ['pipe', 'ignore', 'ignore'],
      env: {},
      // What ends our group must not end it.
      detached: true,
      windowsHide: true,
    });
    const lost = (error: unknown): void => {
      if (this.#warden !== warden) return;
      // The next that begins gets another one.
      this.#warden = undefined;
      this.#logger.warn(
        { err: error },
        'the process that would end jobs after a crash of this one has ended',
      );
    };
    warden.once('error', lost).once('exit', lost);
    warden.stdin.on('error', () => undefined);
    warden.unref();
    if (warden.stdin instanceof Socket) warden.stdin.unref();
    return warden;
  }
}
