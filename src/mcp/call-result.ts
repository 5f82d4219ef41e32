import { type Content, text } from '../core/content.ts';
import { AppError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import type { ToolResult } from '../core/tool.ts';

/** A tool result as the protocol carries it (MCP 2026-07-28, server/tools). */
export interface CallResult {
  content: Content[];
  structuredContent?: JsonObject;
  isError?: true;
  _meta?: JsonObject;
}

export function renderResult({ content, structuredContent }: ToolResult): CallResult {
  return structuredContent === undefined
    ? { content: [...content] }
    : { content: [...content], structuredContent };
}

/**
 * The one place where an error becomes a tool result. The text is for the model, `_meta` for programs.
 * What is not an AppError stays inside: only the request's id goes out, to be found in the log.
 */
export function renderError(error: unknown, requestId: string): CallResult {
  const known =
    error instanceof AppError
      ? error
      : new AppError(
          'INTERNAL',
          `The server failed; the operator finds the cause in the log under ${requestId}.`,
          {
            next: 'try the call once more, then tell the operator this id',
          },
        );
  const next = known.next ?? (known.retryable ? 'make the same call again later' : undefined);
  const wait = known.retryAfter === undefined ? '' : ` (retry_after: ${known.retryAfter} s)`;
  const guidance = next === undefined ? '' : ` Next: ${next}${/[.!?]$/.test(next) ? '' : '.'}`;
  return {
    content: [text(`${known.code}: ${known.message}${wait}${guidance}`)],
    isError: true,
    _meta: {
      code: known.code,
      message: known.message,
      retryable: known.retryable,
      ...(next === undefined ? {} : { next }),
      ...(known.retryAfter === undefined ? {} : { retry_after: known.retryAfter }),
    },
  };
}
