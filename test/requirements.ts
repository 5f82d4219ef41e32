import {
  basic2025,
  cancellation2025,
  lifecycle2025,
  ping2025,
  progress2025,
} from './requirements/2025-11-25-basic.ts';
import { completion2025, logging2025, pagination2025 } from './requirements/2025-11-25-server.ts';
import { tasks2025 } from './requirements/2025-11-25-tasks.ts';
import { transports2025 } from './requirements/2025-11-25-transports.ts';
import { basic2026, stdio2026, transports2026, versioning2026 } from './requirements/2026-07-28-basic.ts';
import {
  cancellation2026,
  mrtr2026,
  patterns2026,
  progress2026,
  subscriptions2026,
} from './requirements/2026-07-28-patterns.ts';
import {
  caching2026,
  completion2026,
  discover2026,
  logging2026,
  pagination2026,
} from './requirements/2026-07-28-server.ts';
import { streamableHttp2026 } from './requirements/2026-07-28-streamable-http.ts';
import type { Requirement } from './requirements/requirement.ts';

/**
 * What the pages about transports, lifecycle and utilities demand of a server, in the newest revision of each
 * era. Clauses that bind clients, hosts and intermediaries alone are not listed.
 */
const CLAUSES = {
  ...basic2025,
  ...lifecycle2025,
  ...transports2025,
  ...cancellation2025,
  ...ping2025,
  ...progress2025,
  ...tasks2025,
  ...completion2025,
  ...logging2025,
  ...pagination2025,
  ...basic2026,
  ...versioning2026,
  ...transports2026,
  ...stdio2026,
  ...streamableHttp2026,
  ...patterns2026,
  ...cancellation2026,
  ...mrtr2026,
  ...progress2026,
  ...subscriptions2026,
  ...discover2026,
  ...caching2026,
  ...completion2026,
  ...logging2026,
  ...pagination2026,
};

export type RequirementId = keyof typeof CLAUSES;

export const REQUIREMENTS: Readonly<Record<RequirementId, Requirement>> = CLAUSES;

/**
 * Says which clauses a test holds the server to; answers the test's name. `test/unit/requirements.test.ts`
 * reads the ids from the source, so they stand here as literals.
 */
export function cites(_ids: readonly RequirementId[], name: string): string {
  return name;
}
