import * as z from 'zod';
import { setting } from '../core/setting.ts';

export const telemetryOptions = z.object({
  logLevel: setting(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), {
    description:
      'The least important lines that are logged. Requests for health and metrics are logged at debug.',
    example: 'debug',
    env: 'LOG_LEVEL',
  }),
  logFile: setting(z.string().min(1).optional(), {
    description:
      'File that the log is appended to instead of standard output; its folders are created. When it cannot be written, the log goes to standard output with one warning.',
    example: '/var/log/fairlead/fairlead.log',
    env: 'LOG_FILE',
  }),
  logFormat: setting(z.enum(['auto', 'json', 'pretty']).default('auto'), {
    description:
      'How log lines look: JSON, or pretty for a person. Both auto and pretty mean pretty only on a terminal outside of production and where pino-pretty is installed, and JSON everywhere else.',
    example: 'json',
  }),
  auditFile: setting(z.string().min(1).optional(), {
    description:
      'File that audit events are appended to; its folders are created. Without it they are part of the log, marked with audit: true. The service does not start when the file cannot be written.',
    example: '/var/log/fairlead/audit.log',
  }),
  metricsToken: setting(z.string().min(1).optional(), {
    description:
      'Bearer token that opens /metrics and the details of /health to requests which come through the balancer or from a public address.',
    example: 'c2NyYXBlLW1lLWlmLXlvdS1jYW4',
    env: 'METRICS_TOKEN',
    secret: true,
  }),
  metricsPort: setting(z.int().min(0).max(65_535).default(0), {
    description:
      'Port of a listener of its own for /metrics, which the main one then does not serve. 0 keeps /metrics on the main listener.',
    example: 9464,
    env: 'METRICS_PORT',
  }),
  metricsHost: setting(z.string().min(1).default('127.0.0.1'), {
    description: 'Address that the listener for /metrics binds to, where there is one.',
    example: '0.0.0.0',
    env: 'METRICS_HOST',
  }),
});

export type TelemetryOptions = z.output<typeof telemetryOptions>;
