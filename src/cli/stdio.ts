import { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type Additions, createLocalApp, type LocalApp } from '../app.ts';
import { loadConfig } from '../config/index.ts';
import { type Ending, failureOf, listenForEnding } from './ending.ts';
import { EXIT } from './exit-status.ts';
import type { ExitStatus } from './exit-status.ts';
import { reportFailure } from './report-failure.ts';
import type { Surroundings } from './surroundings.ts';

/** What does not let go within this time is left behind. */
const RELEASE_MS = 2000;

/**
 * Serves the program that has started this one, over standard input and output, until it closes either of
 * them or a signal comes. Nothing but the protocol is written to standard output.
 */
export async function stdio(surroundings: Surroundings, additions?: Additions): Promise<ExitStatus> {
  const ending = listenForEnding(surroundings.signals);
  const output = reserveOutput(surroundings);
  try {
    const app = await Promise.race([start(surroundings, additions), failureOf(ending)]);
    await serveParent(app, { input: surroundings.stdin, output }, ending);
    return EXIT.ok;
  } catch (error) {
    return reportFailure(error, surroundings);
  }
}

async function start(surroundings: Surroundings, additions: Additions | undefined): Promise<LocalApp> {
  const config = await loadConfig(surroundings, 'parent');
  const { version } = surroundings;
  const app = await createLocalApp(config, { version }, additions);
  app.logger.info({ version }, 'serving over standard input and output');
  return app;
}

async function serveParent(
  app: LocalApp,
  streams: Parameters<LocalApp['serve']>[0],
  ending: Promise<Ending>,
): Promise<void> {
  const connection = app.serve(streams);
  try {
    const reason = await Promise.race([connection.closed, ending]);
    if (typeof reason === 'object' && 'failure' in reason) throw reason.failure;
  } finally {
    const released = connection.close().then(() => app.close());
    await Promise.race([released, delay(RELEASE_MS, undefined, { ref: false })]);
  }
}

/**
 * Keeps standard output for the protocol. What anything else prints there, such as a library with
 * `console.log`, goes to standard error instead.
 */
function reserveOutput({ stdout, stderr }: Pick<Surroundings, 'stdout' | 'stderr'>): Writable {
  const write = stdout.write.bind(stdout) as (chunk: Buffer, done: (error?: Error | null) => void) => void;
  const output = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      write(chunk, done);
    },
  });
  stdout.write = stderr.write.bind(stderr);
  // A reader that has gone away is told to whoever writes; it is no failure of the process.
  for (const stream of [stdout, stderr]) stream.on('error', () => undefined);
  return output;
}
