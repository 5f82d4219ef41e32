import type { HealthCheck, HealthReport } from '../../core/health.ts';
import type { Logger } from '../../core/telemetry.ts';
import type { Component } from '../../core/tool-feature.ts';

export interface PartStatus {
  readonly name: string;
  readonly status: HealthReport['status'];
  readonly detail?: string;
}

export interface Status {
  readonly parts: readonly PartStatus[];
  readonly natives: readonly Component[];
  /** What does not work as it should, in words. */
  readonly problems: readonly string[];
}

interface StatusSources {
  /** Read anew each time: parts of the service may be added after this one. */
  readonly checks: readonly HealthCheck[];
  natives(): Promise<readonly Component[]>;
  readonly logger: Logger;
}

const FRESH_MS = 5000;
const PATIENCE_MS = 2000;

/** How the service fares, asked for at most every few seconds however often it is told. */
export class StatusBoard {
  readonly #sources: StatusSources;
  #current: { readonly status: Promise<Status>; readonly until: number } | undefined;

  constructor(sources: StatusSources) {
    this.#sources = sources;
  }

  /** The same object as long as it is not asked for anew. */
  read(): Promise<Status> {
    const now = performance.now();
    if (this.#current === undefined || now >= this.#current.until) {
      this.#current = { status: this.#look(), until: now + FRESH_MS };
    }
    return this.#current.status;
  }

  async #look(): Promise<Status> {
    const [natives, ...parts] = await Promise.all([
      this.#sources.natives(),
      ...this.#sources.checks.map((check) => this.#ask(check)),
    ]);
    const failing = parts.filter(({ status }) => status !== 'ok');
    const missing = natives.filter(({ version }) => version === undefined);
    return {
      parts,
      natives,
      problems: [
        ...failing.map(({ name, status, detail }) => `${name} is ${status}: ${detail ?? 'no details known'}`),
        ...missing.map(({ name }) => `${name} is missing on this server`),
      ],
    };
  }

  async #ask(check: HealthCheck): Promise<PartStatus> {
    const { name } = check;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<HealthReport>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, { status: 'failed', detail: 'does not answer' });
    });
    try {
      const { status, detail } = await Promise.race([check.check(), late]);
      return detail === undefined ? { name, status } : { name, status, detail };
    } catch (error) {
      this.#sources.logger.warn({ err: error, check: name }, 'health check failed');
      return { name, status: 'failed', detail: 'the check itself failed' };
    } finally {
      clearTimeout(timer);
    }
  }
}
