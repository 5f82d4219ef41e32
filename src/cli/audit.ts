import type { Config } from '../config/index.ts';
import type { AuditEvent } from '../core/telemetry.ts';
import type { Surroundings } from './surroundings.ts';

/** What audit events are given to. */
interface Audit {
  readonly audit: (event: AuditEvent) => void;
}

/**
 * Lets a command leave its traces where those of the server are: in the audit file, or else in the log file.
 * Where there is neither, the log of a command is what it prints.
 *
 * @throws AppError `CONFIGURATION_INVALID` before any work when the audit file cannot be written
 */
export async function withAudit<T>(
  { version }: Pick<Surroundings, 'version'>,
  { telemetry: options, production }: Config,
  work: (audit: Audit) => Promise<T>,
): Promise<T> {
  if (options.auditFile === undefined && options.logFile === undefined) {
    return await work({ audit: () => undefined });
  }
  const { createTelemetry } = await import('../telemetry/index.ts');
  const telemetry = await createTelemetry(options, { version, production, stream: 'stderr' });
  try {
    return await work(telemetry);
  } finally {
    await telemetry.close();
  }
}
