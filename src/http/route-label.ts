/** What stands for every path that is none of ours. */
const OTHER_ROUTE = 'other';

/** Paths with a label of their own. */
const EXACT: readonly string[] = ['/', '/health/live', '/health/ready'];

/**
 * First segments whose whole family shares a label, so that no identifier in a path becomes a label value.
 * Rate limits, page headers and log lines go by the same labels.
 */
const FAMILIES: readonly string[] = [
  '/mcp',
  '/sse',
  '/messages',
  '/health',
  '/metrics',
  '/.well-known',
  '/authorize',
  '/token',
  '/register',
  '/revoke',
  '/introspect',
  '/jwks',
  '/request',
  '/device',
  '/device_authorization',
  '/interaction',
  '/setup',
  '/account',
  '/login',
  '/admin',
  '/session',
];

/** Where clients speak the protocol, in each of its transports over HTTP. */
export const PROTOCOL_ROUTES: ReadonlySet<string> = new Set(['/mcp', '/sse', '/messages']);

/** Every value that the `route` label can have. */
export const ROUTE_LABELS: readonly string[] = [...EXACT, ...FAMILIES, OTHER_ROUTE];

const LABELS: ReadonlySet<string> = new Set(ROUTE_LABELS);

/** Families whose further segments are identifiers that stay out of the log. */
const OPAQUE: ReadonlySet<string> = new Set(['/interaction', '/authorize', '/setup', '/register', '/device']);

const MAX_LOGGED_PATH = 200;

/** The label of a path. In lower case first, since routers behind this one match without regard to case. */
export function routeOf(path: string): string {
  if (LABELS.has(path)) return path;
  const lower = path.toLowerCase();
  if (LABELS.has(lower)) return lower;
  const end = lower.indexOf('/', 1);
  const family = end === -1 ? lower : lower.slice(0, end);
  return family !== '/' && LABELS.has(family) ? family : OTHER_ROUTE;
}

/** The path as the log shows it. */
export function loggedPath(path: string, route: string): string {
  if (path.length > route.length && OPAQUE.has(route)) return `${route}/*`;
  return path.length > MAX_LOGGED_PATH ? `${path.slice(0, MAX_LOGGED_PATH)}…` : path;
}
