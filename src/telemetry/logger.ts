import type { PrettyOptions } from 'pino-pretty';
import { type Logger as PinoLogger, pino } from 'pino';
import {
  batched,
  type Destination,
  isTerminal,
  openFile,
  openStandard,
  type StandardStream,
} from './destination.ts';
import type { TelemetryOptions } from './options.ts';
import { describeError, redact, REDACTED, SECRET_FIELDS } from './redaction.ts';

export interface Log {
  readonly logger: PinoLogger;
  close(): Promise<void>;
}

type Format = (line: string) => string;

interface LogContext {
  readonly production: boolean;
  /** Where the log goes without a file, and when the file fails. */
  readonly stream: StandardStream;
}

const STREAM_NAMES = { stdout: 'standard output', stderr: 'standard error' } as const;

/** Opens the log that the options ask for. */
export async function openLog(options: TelemetryOptions, context: LogContext): Promise<Log> {
  const standard = openStandard(context.stream);
  const elsewhere = `the log goes to ${STREAM_NAMES[context.stream]}`;
  const { destination, fault } = openDestination(options.logFile, standard, (error) => {
    logger.warn({ err: error }, `LOG_FILE can no longer be written: ${elsewhere}`);
  });
  const batch = batched(destination, await prettyFormat(options, context));
  const logger = createLogger(batch, options.logLevel);
  if (fault !== undefined) logger.warn({ err: fault }, `LOG_FILE cannot be written: ${elsewhere}`);
  return { logger, close: () => batch.close() };
}

export function createLogger(destination: Destination, level: string): PinoLogger {
  return pino(
    {
      level,
      base: null,
      timestamp: isoTime,
      formatters: { level: (label) => ({ level: label }), log: redact },
      serializers: { err: (error: unknown) => (error instanceof Error ? describeError(error) : error) },
      redact: { paths: [...SECRET_FIELDS], censor: REDACTED },
    },
    destination,
  );
}

function openDestination(
  file: string | undefined,
  standard: Destination,
  onFailure: (error: unknown) => void,
): { destination: Destination; fault?: unknown } {
  if (file === undefined) return { destination: standard };
  try {
    return { destination: openFile(file, standard, onFailure) };
  } catch (fault) {
    return { destination: standard, fault };
  }
}

let lastMillisecond = 0;
let lastTime = '';

/** Many lines fall into one millisecond under load, and formatting a date is dear. */
function isoTime(): string {
  const now = Date.now();
  if (now !== lastMillisecond) {
    lastMillisecond = now;
    lastTime = `,"time":"${new Date(now).toISOString()}"`;
  }
  return lastTime;
}

/** How lines are made pretty; undefined where they stay JSON. */
async function prettyFormat(
  options: TelemetryOptions,
  { production, stream }: LogContext,
): Promise<Format | undefined> {
  if (production || options.logFormat === 'json' || options.logFile !== undefined) return undefined;
  return isTerminal(stream) ? loadPretty() : undefined;
}

// Named in a variable because it is there in development only, and no bundle may take it in.
const PRETTY_MODULE = 'pino-pretty';

interface PrettyModule {
  readonly default: { prettyFactory(options: PrettyOptions): Format };
}

async function loadPretty(): Promise<Format | undefined> {
  try {
    const module = (await import(PRETTY_MODULE)) as PrettyModule;
    return module.default.prettyFactory({ colorize: true, translateTime: 'SYS:HH:MM:ss.l' });
  } catch {
    return undefined;
  }
}
