import type { Logger as PinoLogger } from 'pino';
import type { Telemetry } from '../core/telemetry.ts';

/** What the HTTP edge needs of telemetry beyond what every feature does. */
export interface HttpTelemetry extends Telemetry {
  readonly logger: PinoLogger;
  /** Answers what counts a finished request; routes outside of the given ones count as one. */
  httpObserver(
    routes: readonly string[],
  ): (route: string, method: string, status: number, seconds: number) => void;
  /** The metrics as a scraper reads them. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>;
}
