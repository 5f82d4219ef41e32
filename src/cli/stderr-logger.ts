import type { Logger } from '../core/telemetry.ts';

/** For commands that a person runs: warnings and errors as sentences, nothing else. */
export function stderrLogger(stderr: NodeJS.WritableStream): Logger {
  const say = (_fields: object, message: string): void => {
    stderr.write(`fairlead: ${message}\n`);
  };
  const logger: Logger = {
    debug: () => undefined,
    info: () => undefined,
    warn: say,
    error: say,
    child: () => logger,
  };
  return logger;
}
