import { STATUS_CODES } from 'node:http';
import { AppError } from '../../../core/errors.ts';
import type { CreateFetch, FetchOptions, Reach } from '../../../core/fetch.ts';
import { callText } from '../../../core/phrases.ts';
import { blocked, type Target, type Targets } from './target.ts';

const MAX_HOPS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const ACCEPT =
  'text/html,application/xhtml+xml,text/markdown,text/plain;q=0.9,application/json;q=0.9,*/*;q=0.5';

/** A page as it was answered, with the address that it was found at in the end. */
export interface Answer {
  readonly url: URL;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

interface FollowerOptions extends Required<Pick<FetchOptions, 'timeoutMs' | 'maxResponseBytes'>> {
  readonly userAgent: string;
}

/** Gets pages: goes after redirects by hand, so that each address on the way is judged like the first. */
export class Follower {
  readonly #targets: Targets;
  readonly #options: FollowerOptions;
  readonly #fetches: Readonly<Record<Reach, typeof globalThis.fetch>>;

  constructor(targets: Targets, createFetch: CreateFetch, options: FollowerOptions) {
    const { timeoutMs, maxResponseBytes } = options;
    this.#targets = targets;
    this.#options = options;
    this.#fetches = {
      public: createFetch({ timeoutMs, maxResponseBytes, reach: 'public' }),
      private: createFetch({ timeoutMs, maxResponseBytes, reach: 'private' }),
      loopback: createFetch({ timeoutMs, maxResponseBytes, reach: 'loopback' }),
    };
  }

  /** @throws AppError `URL_BLOCKED`, `HTTP_STATUS`, `TIMEOUT`, `FILE_TOO_LARGE`, `SOURCE_UNAVAILABLE` */
  async get(start: Target, signal: AbortSignal): Promise<Answer> {
    const visited = new Set<string>();
    let target = start;
    for (;;) {
      visited.add(withoutFragment(target.url));
      const response = await this.#request(target, signal);
      const location = response.headers.get('location');
      if (!REDIRECTS.has(response.status) || location === null) return await received(response, target.url);
      await response.body?.cancel();
      const next = this.#next(target, location);
      if (visited.has(withoutFragment(next.url))) throw redirectFailure('redirects in a circle', start.url);
      if (visited.size > MAX_HOPS) throw redirectFailure(`redirects more than ${MAX_HOPS} times`, start.url);
      target = next;
    }
  }

  #request({ url, reach }: Target, signal: AbortSignal): Promise<Response> {
    return this.#fetches[reach](url.href, {
      headers: { accept: ACCEPT, 'user-agent': this.#options.userAgent },
      redirect: 'manual',
      signal,
    });
  }

  #next({ url, reach }: Target, location: string): Target {
    const next = URL.parse(location, url.href);
    if (next === null) throw redirectFailure('redirects to what is no URL', url);
    if (next.hash === '') next.hash = url.hash;
    const target = this.#targets.judge(next);
    if (url.protocol === 'https:' && next.protocol === 'http:') {
      throw blocked('The page redirects from https to plain http.');
    }
    // A page must not choose which of the operator's own hosts is asked: only the agent's own URL does.
    if (target.reach !== 'public' && reach === 'public') {
      throw blocked('A public page redirects into a private network.');
    }
    return target;
  }
}

async function received(response: Response, url: URL): Promise<Answer> {
  const { status, headers } = response;
  if (status < 200 || status > 299) {
    await response.body?.cancel();
    throw statusFailure(status, url);
  }
  return { url, headers, bytes: new Uint8Array(await response.arrayBuffer()) };
}

function statusFailure(status: number, url: URL): AppError {
  const name = STATUS_CODES[status];
  const again = callText('fetch_url', { url: url.href });
  const advice: Readonly<Record<number, string>> = {
    401: 'look for a page that needs no sign-in',
    403: 'look for another page: this one is not shown to programs or needs a sign-in',
    404: 'check the URL, or fetch a page that links to it',
    410: 'look for another page: this one is gone for good',
  };
  const next = advice[status] ?? (status === 429 || status >= 500 ? `later ${again}` : 'try another URL');
  return new AppError(
    'HTTP_STATUS',
    `The server of this URL answered ${status}${name === undefined ? '' : ` ${name}`}.`,
    {
      next,
    },
  );
}

function redirectFailure(what: string, url: URL): AppError {
  return new AppError('HTTP_STATUS', `The page at ${url.origin} ${what}.`, {
    next: 'try another URL of the same page',
  });
}

function withoutFragment({ origin, pathname, search }: URL): string {
  return `${origin}${pathname}${search}`;
}
