import type { Logger as PinoLogger } from 'pino';
import type { Telemetry } from '../core/telemetry.ts';
import { openAuditLog } from './audit.ts';
import type { StandardStream } from './destination.ts';
import { openLog } from './logger.ts';
import { type Exposition, type HttpObserver, PrometheusMetrics } from './metrics.ts';
import type { TelemetryOptions } from './options.ts';

/** What features are handed as `Telemetry`, and what the composition root and the HTTP edge need beyond it. */
export interface TelemetryHandle extends Telemetry {
  readonly logger: PinoLogger;
  /** Makes the names label values of the tool metrics; any other tool counts as `unknown`. */
  registerTools(names: Iterable<string>): void;
  /** Answers what counts requests under these routes; any other route counts as `other`. */
  httpObserver(routes: readonly string[]): HttpObserver;
  setDraining(draining: boolean): void;
  /** The metrics as a scraper reads them. */
  render(): Promise<Exposition>;
  /** Resolves when everything logged is where it belongs. Later lines still reach the standard stream. */
  close(): Promise<void>;
}

/**
 * Opens the log, the audit log and the metrics.
 *
 * @throws AppError `CONFIGURATION_INVALID` when the audit file cannot be written.
 */
export async function createTelemetry(
  options: TelemetryOptions,
  {
    version,
    production,
    stream = 'stdout',
  }: {
    readonly version: string;
    readonly production: boolean;
    /** Of the two standard streams the one that belongs to the log. */
    readonly stream?: StandardStream;
  },
): Promise<TelemetryHandle> {
  const log = await openLog(options, { production, stream });
  const audit = openAuditLog(options.auditFile, log.logger);
  const metrics = new PrometheusMetrics(version);
  return {
    logger: log.logger,
    metrics,
    audit: (event) => {
      audit.write(event);
    },
    registerTools: (names) => {
      metrics.registerTools(names);
    },
    httpObserver: (routes) => metrics.httpObserver(routes),
    setDraining: (draining) => {
      metrics.setDraining(draining);
    },
    render: () => metrics.render(),
    close: async () => {
      await audit.close();
      await log.close();
    },
  };
}
