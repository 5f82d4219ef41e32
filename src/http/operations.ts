import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { AppError } from '../core/errors.ts';
import type { HealthCheck } from '../core/health.ts';
import { type CheckResult, HealthMonitor } from './health.ts';
import { httpContextOf } from './http-context.ts';
import type { HttpTelemetry } from './http-telemetry.ts';
import type { Lifecycle } from './lifecycle.ts';
import { operatorAccess } from './operator-access.ts';
import type { HttpOptions } from './options.ts';

interface OperationsContext {
  readonly checks: readonly HealthCheck[];
  readonly lifecycle: Lifecycle;
  readonly telemetry: HttpTelemetry;
  readonly version: string;
  /** From telemetry's options: who may see metrics from outside, and whether they have a port of their own. */
  readonly metrics: { readonly metricsToken?: string | undefined; readonly metricsPort: number };
}

type Endpoint = (request: Request, response: Response) => Promise<void> | void;

/**
 * What probes, monitors and scrapers ask for:
 *
 * - `/health`: the state in one document. Names and states for everyone, details for operators.
 * - `/health/live`: 200 while the process answers at all.
 * - `/health/ready`: 200 when it can do its work, 503 when a check failed or while it drains.
 * - `/metrics`: for operators, unless they have a listener of their own.
 */
export function operations(
  options: Pick<HttpOptions, 'healthCheckTimeoutMs'>,
  context: OperationsContext,
): RequestHandler {
  const { checks, lifecycle, telemetry, version, metrics } = context;
  const monitor = new HealthMonitor(checks, options.healthCheckTimeoutMs, telemetry.logger);
  const isOperator = operatorAccess(metrics.metricsToken);

  const health = async (response: Response, extra: object, shown: (result: CheckResult) => object) => {
    const results = await monitor.results();
    const status = lifecycle.draining ? 'draining' : worstOf(results);
    response.statusCode = status === 'ok' || status === 'degraded' ? 200 : 503;
    sendJson(response, { status, ...extra, checks: results.map(shown) });
  };
  const endpoints = new Map<string, Endpoint>([
    [
      '/health',
      (request, response) => {
        const extra = { version, uptime_seconds: Math.floor(process.uptime()) };
        return health(response, extra, isOperator(request) ? (result) => result : publicPart);
      },
    ],
    [
      '/health/live',
      (_request, response) => {
        sendJson(response, { status: 'ok' });
      },
    ],
    ['/health/ready', (_request, response) => health(response, {}, publicPart)],
  ]);
  if (metrics.metricsPort === 0) {
    endpoints.set('/metrics', async (request, response) => {
      if (!isOperator(request)) throw new AppError('FORBIDDEN', 'Metrics are for the operator only.');
      await sendMetrics(telemetry, response);
    });
  }

  return function operations(request, response, next) {
    const endpoint = endpoints.get(httpContextOf(request).path);
    if (endpoint === undefined) {
      next();
    } else if (isReading(request)) {
      return endpoint(request, response);
    } else {
      response.setHeader('Allow', 'GET, HEAD');
      next(new AppError('METHOD_NOT_ALLOWED', 'This address can only be read.', { next: 'use GET' }));
    }
    return undefined;
  };
}

export function isReading({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

export async function sendMetrics(telemetry: HttpTelemetry, response: ServerResponse): Promise<void> {
  const { contentType, body } = await telemetry.render();
  response.setHeader('Content-Type', contentType);
  response.end(body);
}

function worstOf(results: readonly CheckResult[]): CheckResult['status'] {
  if (results.some(({ status }) => status === 'failed')) return 'failed';
  return results.some(({ status }) => status === 'degraded') ? 'degraded' : 'ok';
}

function publicPart({ name, status }: CheckResult): object {
  return { name, status };
}

function sendJson(response: ServerResponse, body: object): void {
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
