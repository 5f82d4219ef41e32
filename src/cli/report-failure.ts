import { ConfigurationError } from '../config/index.ts';
import { AppError } from '../core/errors.ts';
import { EXIT } from './exit-status.ts';
import type { ExitStatus } from './exit-status.ts';
import { writeLogLine } from './log-line.ts';
import type { Surroundings } from './surroundings.ts';

/** Tells the person at the command line what went wrong, and answers the status to end with. */
export function reportFailure(error: unknown, { stderr }: Pick<Surroundings, 'stderr'>): ExitStatus {
  stderr.write(`${describe(error)}\n`);
  return statusOf(error);
}

/** The same for a log: one line of JSON per problem, shaped as the lines of the running service are. */
export function logFailure(error: unknown, { stdout }: Pick<Surroundings, 'stdout'>): ExitStatus {
  for (const fields of fieldsOf(error)) {
    writeLogLine(stdout, 'fatal', fields);
  }
  return statusOf(error);
}

function statusOf(error: unknown): ExitStatus {
  const isConfiguration = error instanceof AppError && error.code === 'CONFIGURATION_INVALID';
  return isConfiguration ? EXIT.configuration : EXIT.failure;
}

function describe(error: unknown): string {
  if (error instanceof ConfigurationError) return error.message;
  if (error instanceof AppError) {
    return `fairlead: ${error.message}${error.next === undefined ? '' : `\nFix: ${error.next}`}`;
  }
  return `fairlead: unexpected failure\n${traceOf(error)}`;
}

function fieldsOf(error: unknown): ({ msg: string } & Record<string, unknown>)[] {
  if (error instanceof ConfigurationError) {
    return error.problems.map(({ where, what, fix }) => ({
      code: error.code,
      where,
      fix,
      msg: `The configuration is wrong: ${where}: ${what}`,
    }));
  }
  if (error instanceof AppError) return [{ code: error.code, fix: error.next, msg: error.message }];
  return [{ code: 'INTERNAL', trace: traceOf(error), msg: 'The service failed unexpectedly' }];
}

function traceOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
