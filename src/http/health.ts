import { statfs } from 'node:fs/promises';
import type { HealthCheck, HealthReport } from '../core/health.ts';
import type { Store } from '../core/store.ts';
import type { Logger } from '../core/telemetry.ts';

export interface CheckResult extends HealthReport {
  readonly name: string;
}

/** Milliseconds for which a result answers everyone who asks, so that asking often does not cost more. */
const FRESH_MS = 1000;

/** Runs the checks that readiness depends on: never twice at once, and not more than once a second. */
export class HealthMonitor {
  readonly #checks: readonly HealthCheck[];
  readonly #timeoutMs: number;
  readonly #logger: Logger;
  readonly #lastStatus = new Map<string, HealthReport['status']>();
  #results: Promise<readonly CheckResult[]> | undefined;

  constructor(checks: readonly HealthCheck[], timeoutMs: number, logger: Logger) {
    this.#checks = checks;
    this.#timeoutMs = timeoutMs;
    this.#logger = logger;
  }

  /** The newest results. Never rejects: a check that throws or does not answer in time has failed. */
  results(): Promise<readonly CheckResult[]> {
    this.#results ??= this.#run();
    return this.#results;
  }

  async #run(): Promise<readonly CheckResult[]> {
    const results = await Promise.all(this.#checks.map((check) => this.#result(check)));
    setTimeout(() => {
      this.#results = undefined;
    }, FRESH_MS).unref();
    return results;
  }

  async #result(check: HealthCheck): Promise<CheckResult> {
    const report = await this.#report(check);
    if (report.status !== (this.#lastStatus.get(check.name) ?? 'ok')) {
      const level = report.status === 'ok' ? 'info' : 'warn';
      this.#logger[level]({ check: check.name, ...report }, 'health changed');
    }
    this.#lastStatus.set(check.name, report.status);
    return { name: check.name, ...report };
  }

  async #report(check: HealthCheck): Promise<HealthReport> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<HealthReport>((resolve) => {
      timer = setTimeout(resolve, this.#timeoutMs, {
        status: 'failed',
        detail: `no answer within ${this.#timeoutMs} ms`,
      });
    });
    try {
      return await Promise.race([check.check(), timeout]);
    } catch (error) {
      this.#logger.debug({ check: check.name, err: error }, 'health check failed');
      return { status: 'failed', detail: 'the check failed' };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Whether the store can be read and written. */
export function storeCheck(store: Pick<Store, 'ping'>): HealthCheck {
  return {
    name: 'store',
    async check() {
      await store.ping();
      return { status: 'ok' };
    },
  };
}

/** Whether the file system that holds a folder has at least so many bytes left. */
export function diskCheck(folder: string, minFreeBytes: number): HealthCheck {
  return {
    name: 'disk',
    async check() {
      const { bavail, bsize } = await statfs(folder);
      const free = bavail * bsize;
      if (free >= minFreeBytes) return { status: 'ok' };
      return {
        status: 'failed',
        detail: `${mebibytes(free)} MiB free, ${mebibytes(minFreeBytes)} MiB needed`,
      };
    },
  };
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / (1024 * 1024));
}
