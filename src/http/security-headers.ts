import type { ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { httpContextOf } from './http-context.ts';
import type { HttpOptions } from './options.ts';
import { publicUrlOf } from './public-url.ts';

type Options = Pick<HttpOptions, 'host' | 'port' | 'publicUrl'>;

/** Routes that answer with pages, to people. */
const PAGE_ROUTES: ReadonlySet<string> = new Set(['/', '/setup', '/account', '/admin']);

/**
 * Pages with a form whose submission ends in a redirect to the client. Chromium holds `form-action`
 * against every redirect that follows a submission, so that `'self'` blocks the way back to the client;
 * seen with version 156, where `https:` or a scheme of its own helps only clients that redirect there, while
 * leaving the directive out, or naming the client's exact origin, works. The targets of these forms are
 * written by the server alone, and no script or markup of others gets into the page, so it is left out.
 */
const REDIRECTING_ROUTES: ReadonlySet<string> = new Set([
  '/authorize',
  '/interaction',
  '/device',
  '/session',
]);

const ONE_YEAR = 31_536_000;

/** Sets the headers of one response. */
export type HeaderWriter = (response: ServerResponse) => void;

/**
 * Helmet with a strict content policy for pages; a few headers made beforehand for everything else, since
 * helmet costs more than the rest of a request's way here.
 */
export function securityHeaders(options: Options): RequestHandler {
  const api = apiHeaders(options);
  const page = pageHeaders(options);
  const redirectingPage = pageHeaders(options, { formsRedirect: true });
  return function securityHeaders(request, response, next) {
    const { route } = httpContextOf(request);
    if (PAGE_ROUTES.has(route)) page(response);
    else if (REDIRECTING_ROUTES.has(route)) redirectingPage(response);
    else api(response);
    next();
  };
}

/** The headers of a page of ours. */
export function pageHeaders(options: Options, { formsRedirect = false } = {}): HeaderWriter {
  const middleware = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        'style-src': ["'self'"],
        'img-src': ["'self'"],
        ...(formsRedirect ? {} : { 'form-action': ["'self'"] }),
        'frame-ancestors': ["'none'"],
        'base-uri': ["'none'"],
      },
    },
    // With no-referrer browsers send `Origin: null` along with forms, which the origin policy refuses.
    referrerPolicy: { policy: 'same-origin' },
    // A client may open these pages in a window of its own, and waits there for the way back.
    crossOriginOpenerPolicy: false,
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: isSecure(options) && { maxAge: ONE_YEAR, includeSubDomains: false },
  });
  return (response) => {
    response.setHeader('Cache-Control', 'no-store');
    // Helmet never looks at the request, and reports a failure, of which it has none, to its callback.
    middleware(response.req, response, rethrow);
  };
}

function apiHeaders(options: Options): HeaderWriter {
  const headers: readonly (readonly [string, string])[] = [
    ['Cache-Control', 'no-store'],
    ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
    ['Referrer-Policy', 'no-referrer'],
    ['X-Content-Type-Options', 'nosniff'],
    ...(isSecure(options) ? [['Strict-Transport-Security', `max-age=${ONE_YEAR}`] as const] : []),
  ];
  return (response) => {
    for (const [name, value] of headers) response.setHeader(name, value);
  };
}

function isSecure(options: Options): boolean {
  return publicUrlOf(options).protocol === 'https:';
}

function rethrow(error?: unknown): void {
  if (error !== undefined) throw error as Error;
}
