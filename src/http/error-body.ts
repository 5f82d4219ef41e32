import type { AppError, AppErrorCode } from '../core/errors.ts';

/** What the page for an error is made from. */
export interface ErrorPage {
  readonly status: number;
  readonly code: AppErrorCode;
  /** A sentence for the person. */
  readonly message: string;
  /** What the person can do about it, where there is something. */
  readonly next: string | undefined;
  readonly requestId: string;
}

/** Where RFC 6750 §3.1 or RFC 9449 §7.1 has a word of its own. */
const OAUTH_WORDS: Partial<Record<AppErrorCode, string>> = {
  UNAUTHENTICATED: 'invalid_token',
  INVALID_TOKEN: 'invalid_token',
  INVALID_PROOF: 'invalid_dpop_proof',
  NONCE_REQUIRED: 'use_dpop_nonce',
  SCOPE_REQUIRED: 'insufficient_scope',
};

// JSON-RPC 2.0 §5.1. New servers keep off the codes from -32000 to -32019 (MCP 2026-07-28, basic, "Error Codes").
const INVALID_REQUEST = -32_600;
const INTERNAL_ERROR = -32_603;

/** In the form of OAuth's error responses (RFC 6749 §5.2). */
export function oauthBody(error: AppError, requestId: string): object {
  return {
    error: OAUTH_WORDS[error.code] ?? error.code.toLowerCase(),
    error_description: error.message,
    next: error.next,
    request_id: requestId,
  };
}

/** For the MCP endpoint: no request was read, so it answers none in particular. */
export function jsonRpcBody(error: AppError, requestId: string): object {
  return {
    jsonrpc: '2.0',
    id: null,
    error: {
      code: error.status < 500 ? INVALID_REQUEST : INTERNAL_ERROR,
      message: error.message,
      data: {
        code: error.code,
        next: error.next,
        retryable: error.retryable,
        retry_after: error.retryAfter,
        request_id: requestId,
      },
    },
  };
}
