import { MAX_OUTPUT_TOKENS } from '../core/budget.ts';
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

// Four characters a token is the most that any content class is reckoned at.
const MAX_TEXT_LENGTH = MAX_OUTPUT_TOKENS * 4;

/** Tools keep to their budget; this is the net below them, so that no result can overflow a context. */
export function renderResult(result: ToolResult): CallResult {
  let length = 0;
  for (const block of result.content) if (block.type === 'text') length += block.text.length;
  const content = length > MAX_TEXT_LENGTH ? cut(result.content, length) : [...result.content];
  return result.structuredContent === undefined
    ? { content }
    : { content, structuredContent: result.structuredContent };
}

function cut(content: readonly Content[], length: number): Content[] {
  const kept: Content[] = [];
  let left = MAX_TEXT_LENGTH;
  for (const block of content) {
    if (block.type !== 'text') kept.push(block);
    else if (left > 0) {
      kept.push(text(block.text.slice(0, left)));
      left -= block.text.length;
    }
  }
  kept.push(text(`[cut: the first ${MAX_TEXT_LENGTH} of ${length} characters are shown; ask for less]`));
  return kept;
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
