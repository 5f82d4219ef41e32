import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import {
  type AugmentedRequest,
  type IncrementResponse,
  ipKeyGenerator,
  rateLimit as limiter,
  type Store as CountStore,
} from 'express-rate-limit';
import { LRUCache } from 'lru-cache';
import { AppError } from '../core/errors.ts';
import type { Store } from '../core/store.ts';
import { httpContextOf } from './http-context.ts';
import type { HttpOptions } from './options.ts';
import { PROTOCOL_ROUTES } from './route-label.ts';

/** The verbs that counting takes. */
type CountingStore = Pick<Store, 'increment' | 'take'>;

const WINDOW_MS = 60_000;
const WINDOW_SECONDS = WINDOW_MS / 1000;
/** What one person or site is given by their provider, at the least (RFC 6177). */
const IPV6_SUBNET = 56;
const MAX_REMEMBERED_SUBNETS = 1000;
/** Where express-rate-limit leaves what it counted, for its handler to see. */
const INFO_PROPERTY = 'rateLimit';

/**
 * Bounds the requests of one address per minute, with a budget for each family of routes. What guards
 * accounts, tokens and registrations is counted in the store, for all replicas together, and refuses with
 * 503 when the store cannot be asked; the MCP endpoint is counted by each process for itself.
 */
export function rateLimit(
  options: Pick<HttpOptions, 'rateLimits'>,
  { store }: { readonly store: CountingStore },
): RequestHandler {
  const { authorizePerMinute, tokenPerMinute, registerPerMinute, mcpPerMinute } = options.rateLimits;
  const protocol = localBudget(mcpPerMinute);
  const authorize = sharedBudget(authorizePerMinute, new SharedCounts(store, 'authorize'));
  const token = sharedBudget(tokenPerMinute, new SharedCounts(store, 'token'));
  const budgets: ReadonlyMap<string, RequestHandler> = new Map([
    ...[...PROTOCOL_ROUTES].map((route) => [route, protocol] as const),
    ['/authorize', authorize],
    ['/interaction', authorize],
    ['/setup', authorize],
    ['/account', authorize],
    ['/login', authorize],
    ['/admin', authorize],
    ['/device', authorize],
    ['/session', authorize],
    ['/token', token],
    ['/revoke', token],
    ['/introspect', token],
    ['/request', token],
    ['/device_authorization', token],
    ['/register', sharedBudget(registerPerMinute, new SharedCounts(store, 'register'))],
  ]);
  return function rateLimit(request, response, next) {
    const limit = budgets.get(httpContextOf(request).route);
    if (limit === undefined) next();
    else limit(request, response, next);
  };
}

/** A budget that all replicas share. */
function sharedBudget(limit: number, counts: SharedCounts): RequestHandler {
  const keyOf = addressKey();
  return limiter({
    windowMs: WINDOW_MS,
    limit,
    store: counts,
    keyGenerator: (request) => keyOf(request),
    requestPropertyName: INFO_PROPERTY,
    legacyHeaders: false,
    standardHeaders: false,
    passOnStoreError: false,
    // They look for settings of Express that the address does not come from here.
    validate: false,
    handler: (request, _response, next) => {
      const { resetTime } = (request as AugmentedRequest)[INFO_PROPERTY] ?? {};
      next(tooMany(resetTime === undefined ? WINDOW_MS : resetTime.getTime() - Date.now()));
    },
  });
}

/**
 * A budget of this process alone, for the busiest route: nothing is awaited, which is most of what the
 * shared one costs. All addresses begin anew at the same moment, so what is remembered ends every minute.
 */
function localBudget(limit: number): RequestHandler {
  const keyOf = addressKey();
  const counts = new Map<string, number>();
  let windowEnds = 0;
  return function localBudget(request, _response, next) {
    const now = performance.now();
    if (now >= windowEnds) {
      counts.clear();
      windowEnds = now + WINDOW_MS;
    }
    const key = keyOf(request);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    next(count > limit ? tooMany(windowEnds - now) : undefined);
  };
}

function tooMany(leftMs: number): AppError {
  const retryAfter = Math.min(Math.max(Math.ceil(leftMs / 1000), 1), WINDOW_SECONDS);
  return new AppError('RATE_LIMITED', 'Too many requests from this address.', {
    retryAfter,
    next: `try again in ${retryAfter} s`,
  });
}

/** The address, or the network that an IPv6 address is one of too many in. */
function addressKey(): (request: IncomingMessage) => string {
  const subnets = new LRUCache<string, string>({ max: MAX_REMEMBERED_SUBNETS });
  return (request) => {
    const { address } = httpContextOf(request);
    if (!address.includes(':')) return address;
    let subnet = subnets.get(address);
    if (subnet === undefined) {
      subnet = ipKeyGenerator(address, IPV6_SUBNET);
      subnets.set(address, subnet);
    }
    return subnet;
  };
}

/** Counts of one budget in the shared store. */
class SharedCounts implements CountStore {
  readonly localKeys = false;
  readonly prefix: string;
  readonly #store: CountingStore;

  constructor(store: CountingStore, name: string) {
    this.#store = store;
    this.prefix = `http:rate-${name}:`;
  }

  async increment(key: string): Promise<IncrementResponse> {
    const { value, expiresAt } = await this.#store.increment(this.prefix + key, 1, WINDOW_SECONDS);
    return { totalHits: value, resetTime: new Date(expiresAt) };
  }

  async decrement(key: string): Promise<void> {
    await this.#store.increment(this.prefix + key, -1, WINDOW_SECONDS);
  }

  async resetKey(key: string): Promise<void> {
    await this.#store.take(this.prefix + key);
  }
}
