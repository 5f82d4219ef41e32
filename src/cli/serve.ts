import { setTimeout as delay } from 'node:timers/promises';
import { createApp } from '../app.ts';
import type { App } from '../app.ts';
import { loadConfig } from '../config/index.ts';
import type { Config } from '../config/index.ts';
import { type Ending, failureOf, listenForEnding } from './ending.ts';
import { EXIT } from './exit-status.ts';
import type { ExitStatus } from './exit-status.ts';
import { writeLogLine } from './log-line.ts';
import { logFailure, reportFailure } from './report-failure.ts';
import type { Surroundings } from './surroundings.ts';
import { welcome } from './welcome.ts';

/** After an unexpected failure, running calls get this long to end. */
const FATAL_DRAIN_MS = 5000;

/**
 * Runs the server until a signal, or a failure that nothing caught, ends it.
 *
 * SIGTERM and SIGINT drain and end with 0; the second one ends with 1 at once.
 */
export async function serve(surroundings: Surroundings): Promise<ExitStatus> {
  const ending = listenForEnding(surroundings.signals);
  try {
    const app = await Promise.race([start(surroundings), failureOf(ending)]);
    return await stop(app, await ending);
  } catch (error) {
    const fail = isWatched(surroundings) ? reportFailure : logFailure;
    return fail(error, surroundings);
  }
}

async function start(surroundings: Surroundings): Promise<App> {
  const config = await loadConfig(surroundings);
  const app = await createApp(config, { version: surroundings.version });
  await app.listen();
  await announce(app, config, surroundings);
  return app;
}

async function stop(app: App, ending: Ending): Promise<ExitStatus> {
  if ('signal' in ending) {
    app.logger.info({ signal: ending.signal }, 'Stopping: running calls may end');
    await app.drain();
    return EXIT.ok;
  }
  // Nothing is known about the state of the process any more: end soon, and let the next one start afresh.
  app.logger.error({ err: ending.failure }, 'Stopping after an unexpected failure');
  await Promise.race([app.drain(), delay(FATAL_DRAIN_MS, undefined, { ref: false })]);
  return EXIT.failure;
}

/** Whether a person sits in front of it, rather than a log collector. */
function isWatched({ stdout, env }: Surroundings): boolean {
  return stdout.isTTY === true && env['NODE_ENV'] !== 'production' && (env['CI'] ?? '') === '';
}

async function announce(app: App, config: Config, surroundings: Surroundings): Promise<void> {
  // Whoever is configured becomes the owner, if not by this process then by another that is at it right now.
  const setupUrl = config.auth.owner.email === undefined ? await app.setupUrl() : undefined;
  const { stdout, version } = surroundings;
  if (isWatched(surroundings) && !config.production) {
    const { files } = config.tools;
    const names = files.workspaces.map(({ name }) => name).join(', ');
    const workspace = names === '' ? files.workspace : names;
    stdout.write(welcome({ version, mcpUrl: app.mcpUrl, workspace, setupUrl }));
  } else if (setupUrl !== undefined) {
    announceSetup(app, setupUrl, { stdout, production: config.production });
  }
}

const NO_ACCOUNT =
  'There is no account yet: run "fairlead users add EMAIL" here, or set FAIRLEAD_OWNER_EMAIL and FAIRLEAD_OWNER_PASSWORD_FILE';

/**
 * Logs are shipped and kept, and whoever opens the link becomes the owner: in production it is not printed.
 * Elsewhere it goes past the log, which would redact it.
 */
function announceSetup(
  app: App,
  setupUrl: URL,
  { stdout, production }: Pick<Surroundings, 'stdout'> & Pick<Config, 'production'>,
): void {
  if (production) app.logger.warn({}, NO_ACCOUNT);
  else writeLogLine(stdout, 'warn', { msg: `${NO_ACCOUNT}, or open setupUrl`, setupUrl: setupUrl.href });
}
