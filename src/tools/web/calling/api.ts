import { AppError } from '../../../core/errors.ts';
import type { CreateFetch } from '../../../core/fetch.ts';
import type { HealthCheck } from '../../../core/health.ts';
import { callText } from '../../../core/phrases.ts';
import type { ToolCall } from '../../../core/tool.ts';
import type { Source } from '../../../core/tool-feature.ts';
import { traceHeaders } from '../../../core/trace-context.ts';
import { type Credentials, credentialsOf, Redactor } from './credentials.ts';
import type { ApiOptions, Method } from './options.ts';
import { RequestUrls } from './request-url.ts';
import { isRepeatable, Resilience } from './resilience.ts';

/** What an agent asks of an API. */
export interface ApiRequest {
  readonly method: Method;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: string | undefined;
}

/** What came of it, without secrets. */
export interface ApiAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  readonly bytes: Buffer;
}

/** Those that tell an agent how to go on. */
const TOLD_HEADERS = [
  'etag',
  'last-modified',
  'link',
  'location',
  'retry-after',
  'x-request-id',
  'x-total-count',
];
const MAX_HEADER_LENGTH = 500;

/** One HTTP API that the operator has named, with the secrets for it. */
export class Api {
  readonly options: ApiOptions;
  readonly #urls: RequestUrls;
  readonly #credentials: Credentials;
  readonly #redactor: Redactor;
  readonly #resilience: Resilience;
  readonly #fetch: typeof globalThis.fetch;

  constructor(options: ApiOptions, { createFetch }: { readonly createFetch: CreateFetch }) {
    const { baseUrl, paths, timeoutMs, maxBytes } = options;
    this.options = options;
    this.#urls = new RequestUrls(baseUrl, paths);
    this.#credentials = credentialsOf(options);
    this.#redactor = new Redactor(this.#credentials.secrets);
    this.#resilience = new Resilience(options);
    // Its host is the operator's choice, so its addresses are; what is link-local stays out of reach all the same.
    this.#fetch = createFetch({ timeoutMs, maxResponseBytes: maxBytes, reach: 'loopback' });
  }

  get source(): Source {
    const { name, description, methods, paths } = this.options;
    return {
      ...{ name, kind: 'api', check: this.check.name },
      description: `${description} Methods: ${methods.join(', ')}. Paths: ${paths.join(', ')}.`,
      isAllowed: (permit) => permit.allowsApi(name),
    };
  }

  get check(): HealthCheck {
    return { name: `api:${this.options.name}`, check: () => Promise.resolve(this.#resilience.report()) };
  }

  redacted(text: string): string {
    return this.#redactor.text(text);
  }

  /** @throws AppError `INVALID_ARGUMENT`, `CIRCUIT_OPEN`, `BUSY`, `TIMEOUT`, `SOURCE_UNAVAILABLE`, `FILE_TOO_LARGE` */
  async send(
    request: ApiRequest,
    call: Pick<ToolCall, 'principal' | 'signal' | 'trace'>,
  ): Promise<ApiAnswer> {
    const url = this.#urlOf(request);
    const { signal, cancel } = this.#clock(call.signal);
    const { method } = request;
    const { subject } = call.principal;
    const attempt = (bounded: AbortSignal): Promise<ApiAnswer> => this.#attempt(url, request, call, bounded);
    try {
      return await this.#resilience.run({ method, subject, attempt, caller: call.signal, signal });
    } catch (error) {
      throw call.signal.aborted ? call.signal.reason : this.#explained(error, method);
    } finally {
      cancel();
    }
  }

  /** One clock for all attempts. */
  #clock(outer: AbortSignal): { readonly signal: AbortSignal; readonly cancel: () => void } {
    const { name, timeoutMs } = this.options;
    const clock = new AbortController();
    const timer = setTimeout(() => {
      clock.abort(
        new AppError('TIMEOUT', `The API ${name} did not answer within ${timeoutMs / 1000} seconds.`),
      );
    }, timeoutMs);
    return {
      signal: AbortSignal.any([outer, clock.signal]),
      cancel: () => {
        clearTimeout(timer);
      },
    };
  }

  #urlOf({ method, path, query, body }: ApiRequest): URL {
    const { name, methods } = this.options;
    const next = callText('info', { section: 'sources' });
    if (!methods.includes(method)) {
      throw new AppError('INVALID_ARGUMENT', `${method} is not allowed for ${name}: ${methods.join(', ')}.`, {
        next,
      });
    }
    if (body !== undefined && (method === 'GET' || method === 'HEAD')) {
      throw new AppError('INVALID_ARGUMENT', `A ${method} request has no body.`, {
        next: callText('call_api', { api: name, method, path, query }),
      });
    }
    const url = this.#urls.build(path, query, next);
    const { parameter } = this.#credentials;
    if (parameter === undefined) return url;
    if ([...url.searchParams.keys()].some((key) => key.toLowerCase() === parameter.name.toLowerCase())) {
      throw new AppError(
        'INVALID_ARGUMENT',
        `The parameter ${JSON.stringify(parameter.name)} is set by the server.`,
        {
          next: 'leave it out',
        },
      );
    }
    url.searchParams.set(parameter.name, parameter.value);
    return url;
  }

  async #attempt(
    url: URL,
    { method, body }: ApiRequest,
    { trace }: Pick<ToolCall, 'trace'>,
    signal: AbortSignal,
  ): Promise<ApiAnswer> {
    const response = await this.#fetch(url.href, {
      method,
      headers: {
        accept: 'application/json, text/*;q=0.9, */*;q=0.5',
        'user-agent': 'Fairlead',
        ...this.#credentials.headers,
        ...(body === undefined
          ? {}
          : { 'content-type': isJson(body) ? 'application/json' : 'text/plain; charset=utf-8' }),
        ...(trace === undefined ? {} : traceHeaders(trace)),
      },
      // A redirect is an answer like others: to go after it would take the secrets along.
      redirect: 'manual',
      signal,
      ...(body === undefined ? {} : { body }),
    });
    return await this.#read(response);
  }

  async #read(response: Response): Promise<ApiAnswer> {
    const headers: Record<string, string> = {};
    for (const name of TOLD_HEADERS) {
      const value = response.headers.get(name);
      if (value !== null) headers[name] = this.redacted(value).slice(0, MAX_HEADER_LENGTH);
    }
    return {
      status: response.status,
      retryAfter: headers['retry-after'],
      headers,
      contentType: this.redacted(response.headers.get('content-type') ?? ''),
      bytes: this.#redactor.bytes(Buffer.from(await response.arrayBuffer())),
    };
  }

  #explained(error: unknown, method: Method): AppError {
    const { name } = this.options;
    const cause = this.#redactor.cause(error);
    const again = adviceAfterFailure(method);
    if (!(error instanceof AppError)) {
      return new AppError('SOURCE_UNAVAILABLE', `The API ${name} cannot be reached.`, { cause, next: again });
    }
    const { code, retryAfter } = error;
    const messages: Readonly<Partial<Record<AppError['code'], string>>> = {
      SOURCE_UNAVAILABLE: `The API ${name} cannot be reached.`,
      TIMEOUT: `The API ${name} did not answer in time.`,
      FILE_TOO_LARGE: `The answer of ${name} is larger than ${this.options.maxBytes} bytes.`,
      URL_BLOCKED: `The address of the API ${name} may not be connected to.`,
    };
    const advice: Readonly<Partial<Record<AppError['code'], string>>> = {
      FILE_TOO_LARGE: 'ask for less: a page, a filter, fewer fields',
      SOURCE_UNAVAILABLE: again,
      // The guarded fetch speaks of URLs that agents choose.
      URL_BLOCKED: 'go on without it, and tell the operator: the address is configured',
    };
    return new AppError(code, messages[code] ?? error.message, {
      ...{ cause, next: advice[code] ?? error.next ?? again },
      ...(retryAfter === undefined ? {} : { retryAfter }),
    });
  }
}

/** What was asked for once and not answered may have been done all the same. */
export function adviceAfterFailure(method: Method): string {
  return isRepeatable(method)
    ? 'the same call later'
    : `look first whether it was done: the ${method} may have arrived. Repeat it only if not`;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
