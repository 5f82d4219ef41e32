interface ErrorCode {
  /** The one HTTP status that this code is rendered with outside of a tool result. */
  readonly status: number;
  /** Whether the same call can succeed later without being changed. */
  readonly retryable: boolean;
}

/** Every failure that Fairlead reports. Codes are permanent: agents and operators match on them. */
export const ERROR_CODES = {
  // Of a request.
  BAD_REQUEST: { status: 400, retryable: false },
  UNAUTHENTICATED: { status: 401, retryable: false },
  INVALID_TOKEN: { status: 401, retryable: false },
  INVALID_PROOF: { status: 401, retryable: false },
  NONCE_REQUIRED: { status: 401, retryable: true },
  SCOPE_REQUIRED: { status: 403, retryable: false },
  ORIGIN_REFUSED: { status: 403, retryable: false },
  FORBIDDEN: { status: 403, retryable: false },
  NOT_FOUND: { status: 404, retryable: false },
  METHOD_NOT_ALLOWED: { status: 405, retryable: false },
  BODY_TIMEOUT: { status: 408, retryable: true },
  BODY_TOO_LARGE: { status: 413, retryable: false },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false },
  HOST_REFUSED: { status: 421, retryable: false },
  RATE_LIMITED: { status: 429, retryable: true },
  UNAVAILABLE: { status: 503, retryable: true },
  DRAINING: { status: 503, retryable: true },
  // Of a tool call.
  INVALID_ARGUMENT: { status: 400, retryable: false },
  PATH_NOT_FOUND: { status: 404, retryable: false },
  OUTSIDE_WORKSPACE: { status: 403, retryable: false },
  FILE_TOO_LARGE: { status: 413, retryable: false },
  NOT_TEXT: { status: 415, retryable: false },
  READ_ONLY: { status: 403, retryable: false },
  EDIT_NO_MATCH: { status: 409, retryable: false },
  EDIT_AMBIGUOUS: { status: 409, retryable: false },
  STALE_FILE: { status: 409, retryable: false },
  ALREADY_EXISTS: { status: 409, retryable: false },
  SQL_NOT_READ_ONLY: { status: 403, retryable: false },
  SQL_ERROR: { status: 400, retryable: false },
  MEMORY_LIMIT: { status: 413, retryable: false },
  TIMEOUT: { status: 504, retryable: true },
  BUSY: { status: 429, retryable: true },
  CANCELLED: { status: 499, retryable: false },
  URL_BLOCKED: { status: 403, retryable: false },
  HTTP_STATUS: { status: 502, retryable: false },
  CIRCUIT_OPEN: { status: 503, retryable: true },
  CLIENT_CANNOT_ANSWER: { status: 400, retryable: false },
  SOURCE_UNAVAILABLE: { status: 503, retryable: true },
  // Of the process.
  CONFIGURATION_INVALID: { status: 500, retryable: false },
  INTERNAL: { status: 500, retryable: false },
} as const satisfies Record<string, ErrorCode>;

export type AppErrorCode = keyof typeof ERROR_CODES;

interface AppErrorOptions {
  /** What the caller should do, as an exact call or command where there is one. */
  readonly next?: string;
  /** Seconds after which trying again makes sense: becomes `Retry-After`. */
  readonly retryAfter?: number;
  /** For `SCOPE_REQUIRED`: every scope that the call needs. */
  readonly scopes?: readonly string[];
  readonly cause?: unknown;
}

/**
 * An expected failure. The message and `next` go to the caller word for word, so neither ever holds a
 * secret, a path of the machine or a foreign error's text; what only the operator may see is the cause.
 */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: AppErrorCode;
  readonly next: string | undefined;
  readonly retryAfter: number | undefined;
  readonly scopes: readonly string[];

  constructor(code: AppErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.next = options.next;
    this.retryAfter = options.retryAfter;
    this.scopes = options.scopes ?? [];
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}
