import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpTelemetry } from './http-telemetry.ts';
import { Lifecycle } from './lifecycle.ts';
import { type Listener, listen } from './listen.ts';
import { isReading, sendMetrics } from './operations.ts';
import { operatorAccess } from './operator-access.ts';

interface MetricsOptions {
  readonly metricsToken?: string | undefined;
  readonly metricsPort: number;
  readonly metricsHost: string;
}

/** A scrape is one line and a few headers. */
const LIMITS = {
  maxHeaderBytes: 8192,
  headersTimeoutMs: 5000,
  requestTimeoutMs: 5000,
  keepAliveTimeoutMs: 65_000,
};

/**
 * Serves `/metrics`, and nothing else, on the port that the options name.
 *
 * @throws AppError `CONFIGURATION_INVALID` when that port cannot be listened on.
 */
export function listenForMetrics(telemetry: HttpTelemetry, options: MetricsOptions): Promise<Listener> {
  const isOperator = operatorAccess(options.metricsToken);
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url !== '/metrics' || !isReading(request)) response.writeHead(404).end();
    else if (!isOperator(request)) response.writeHead(403).end();
    else await sendMetrics(telemetry, response);
  };
  return listen(
    (request, response) => {
      serve(request, response).catch((error: unknown) => {
        telemetry.logger.error({ err: error }, 'metrics could not be rendered');
        response.destroy();
      });
    },
    { ...LIMITS, host: options.metricsHost, port: options.metricsPort },
    new Lifecycle(),
  );
}
