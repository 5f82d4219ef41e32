import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AuthOutcome, Metrics, ToolOutcome } from '../core/telemetry.ts';

/** What a scraper is answered with. */
export interface Exposition {
  readonly contentType: string;
  readonly body: string;
}

/** Counts one answered request. `seconds` from its first byte to the end of the answer. */
export type HttpObserver = (route: string, method: string, status: number, seconds: number) => void;

const TOOL_OUTCOMES: readonly ToolOutcome[] = ['ok', 'error', 'denied', 'timeout', 'cancelled', 'busy'];
const AUTH_STEPS: ReadonlySet<string> = new Set([
  'bearer',
  'dpop',
  'authorize',
  'token',
  'register',
  'revoke',
  'login',
  'consent',
  'setup',
]);
const HTTP_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

const HTTP_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const TOOL_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600];
/** Milliseconds between two looks at the delay of the event loop. */
const EVENT_LOOP_PRECISION = 20;

/** Label values that stand for every one which is not in the fixed set. */
const OTHER = 'other';
const OTHER_METHOD = 'OTHER';
const UNKNOWN_TOOL = 'unknown';

/**
 * The metrics in a registry of their own. Children with resolved labels are kept, since resolving them
 * costs more than counting does.
 */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #httpRequests: Counter<'route' | 'method' | 'status'>;
  readonly #httpDuration: Histogram<'route' | 'method'>;
  readonly #toolCalls: Counter<'tool' | 'outcome'>;
  readonly #toolDuration: Histogram<'tool'>;
  readonly #auth: Counter<'step' | 'outcome'>;
  readonly #streams: Gauge<'kind'>;
  readonly #draining: Gauge;
  readonly #tools = new Map<string, ToolSeries>();

  constructor(version: string) {
    const registers = [this.#registry];
    this.#httpRequests = new Counter({
      name: 'fairlead_http_requests_total',
      help: 'HTTP requests that were answered or given up',
      labelNames: ['route', 'method', 'status'],
      registers,
    });
    this.#httpDuration = new Histogram({
      name: 'fairlead_http_request_duration_seconds',
      help: 'Time from the start of a request to the end of its answer',
      labelNames: ['route', 'method'],
      buckets: HTTP_BUCKETS,
      registers,
    });
    this.#toolCalls = new Counter({
      name: 'fairlead_tool_calls_total',
      help: 'Tool calls by how they ended',
      labelNames: ['tool', 'outcome'],
      registers,
    });
    this.#toolDuration = new Histogram({
      name: 'fairlead_tool_call_duration_seconds',
      help: 'Time that tool calls took',
      labelNames: ['tool'],
      buckets: TOOL_BUCKETS,
      registers,
    });
    this.#auth = new Counter({
      name: 'fairlead_auth_total',
      help: 'Attempts to authenticate or to obtain a token, by how they ended',
      labelNames: ['step', 'outcome'],
      registers,
    });
    this.#streams = new Gauge({
      name: 'fairlead_active_streams',
      help: 'Streams that are open now',
      labelNames: ['kind'],
      registers,
    });
    this.#draining = new Gauge({
      name: 'fairlead_draining',
      help: '1 while the process ends and takes no new work',
      registers,
    });
    new Gauge({
      name: 'fairlead_build_info',
      help: 'The version that runs, as a label',
      labelNames: ['version'],
      registers,
    }).set({ version }, 1);
    collectDefaultMetrics({ register: this.#registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION });
    this.registerTools([UNKNOWN_TOOL]);
  }

  /** Makes the names label values; calls of any other tool count as `unknown`. */
  registerTools(names: Iterable<string>): void {
    for (const tool of names) {
      const calls = new Map(TOOL_OUTCOMES.map((outcome) => [outcome, this.#toolCalls.labels(tool, outcome)]));
      // A series that starts at 0 lets a query see the first failure.
      for (const child of calls.values()) child.inc(0);
      this.#tools.set(tool, { calls, duration: this.#toolDuration.labels(tool) });
    }
  }

  /** Counts requests under these routes; any other route counts as `other`. */
  httpObserver(routes: readonly string[]): HttpObserver {
    const known: ReadonlySet<string> = new Set(routes);
    const all = new Map<string, HttpSeries>();
    return (route, method, status, seconds) => {
      const labels = {
        route: known.has(route) ? route : OTHER,
        method: HTTP_METHODS.has(method) ? method : OTHER_METHOD,
      };
      const key = `${labels.method} ${labels.route}`;
      let series = all.get(key);
      if (series === undefined) {
        series = { duration: this.#httpDuration.labels(labels), byStatus: new Map() };
        all.set(key, series);
      }
      let requests = series.byStatus.get(status);
      if (requests === undefined) {
        requests = this.#httpRequests.labels({ ...labels, status: String(status) });
        series.byStatus.set(status, requests);
      }
      requests.inc();
      series.duration.observe(seconds);
    };
  }

  toolCall(tool: string, outcome: ToolOutcome, seconds: number): void {
    const series = this.#tools.get(tool) ?? this.#tools.get(UNKNOWN_TOOL);
    series?.calls.get(outcome)?.inc();
    series?.duration.observe(seconds);
  }

  auth(step: string, outcome: AuthOutcome): void {
    this.#auth.inc({ step: AUTH_STEPS.has(step) ? step : OTHER, outcome });
  }

  streamOpened(kind: string): () => void {
    this.#streams.inc({ kind });
    let open = true;
    return () => {
      if (!open) return;
      open = false;
      this.#streams.dec({ kind });
    };
  }

  setDraining(draining: boolean): void {
    this.#draining.set(draining ? 1 : 0);
  }

  async render(): Promise<Exposition> {
    return { contentType: this.#registry.contentType, body: await this.#registry.metrics() };
  }
}

interface ToolSeries {
  readonly calls: ReadonlyMap<ToolOutcome, Counter.Internal>;
  readonly duration: Histogram.Internal<'tool'>;
}

interface HttpSeries {
  readonly duration: Histogram.Internal<'route' | 'method'>;
  readonly byStatus: Map<number, Counter.Internal>;
}
