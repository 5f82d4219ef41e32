import type { Logger as PinoLogger } from 'pino';
import { AppError } from '../core/errors.ts';
import type { AuditEvent } from '../core/telemetry.ts';
import { type Destination, openFile } from './destination.ts';
import { createLogger } from './logger.ts';

export interface AuditLog {
  write(event: AuditEvent): void;
  close(): Promise<void>;
}

/**
 * Audit events as lines of the log with `audit: true`, whatever the log's level; or in a file of their own.
 *
 * @throws AppError `CONFIGURATION_INVALID` when that file cannot be written: a service that was asked to
 *   keep an audit trail does not run without one.
 */
export function openAuditLog(file: string | undefined, log: PinoLogger): AuditLog {
  const shared = log.child({ audit: true }, { level: 'info' });
  if (file === undefined) return { write: writerTo(shared), close: () => Promise.resolve() };
  const destination = openAuditFile(file, shared);
  return { write: writerTo(createLogger(destination, 'info')), close: () => destination.close() };
}

function writerTo(logger: PinoLogger): (event: AuditEvent) => void {
  return (event) => {
    logger.info(event, event.action);
  };
}

function openAuditFile(file: string, shared: PinoLogger): Destination {
  // What the file does not take any more is too important to lose: it becomes part of the log.
  const fallback: Destination = {
    write: (line) => {
      shared.warn({ event: JSON.parse(line) as unknown }, 'audit event outside of the audit file');
    },
    close: () => Promise.resolve(),
  };
  try {
    return openFile(file, fallback, (error) => {
      shared.error({ err: error }, 'the audit file can no longer be written');
    });
  } catch (cause) {
    throw new AppError('CONFIGURATION_INVALID', 'The audit file cannot be written.', {
      next: 'set FAIRLEAD_TELEMETRY_AUDIT_FILE to a path that this user may write',
      cause,
    });
  }
}
