import type { HealthCheck, HealthReport } from '../../core/health.ts';
import type { Logger } from '../../core/telemetry.ts';

const FRESH_MS = 30_000;
// Below the patience of those who ask.
const PATIENCE_MS = 1500;

/**
 * A source that is out of reach degrades the service and never fails it. However often health is looked at, the
 * source is bothered once in a while, and by one look at a time.
 */
export function sourceCheck(
  name: string,
  ask: () => Promise<HealthReport>,
  { logger, now }: { readonly logger: Logger; readonly now: () => number },
): HealthCheck {
  let known: { readonly report: HealthReport; readonly until: number } | undefined;
  let asking: Promise<HealthReport> | undefined;
  const look = async (): Promise<HealthReport> => {
    const report = await answer(name, ask, logger);
    known = { report, until: now() + FRESH_MS };
    return report;
  };
  return {
    name,
    check: async () => {
      if (known !== undefined && now() < known.until) return known.report;
      asking ??= look().finally(() => {
        asking = undefined;
      });
      return await within(asking);
    },
  };
}

async function answer(name: string, ask: () => Promise<HealthReport>, logger: Logger): Promise<HealthReport> {
  try {
    const { status, detail } = await ask();
    const told = detail === undefined ? {} : { detail };
    return { status: status === 'ok' ? 'ok' : 'degraded', ...told };
  } catch (error) {
    logger.warn({ err: error, check: name }, 'health check failed');
    return { status: 'degraded', detail: 'the check itself failed' };
  }
}

async function within(asking: Promise<HealthReport>): Promise<HealthReport> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<HealthReport>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS, { status: 'degraded', detail: 'does not answer' });
  });
  try {
    return await Promise.race([asking, late]);
  } finally {
    clearTimeout(timer);
  }
}
