import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { AppError, type AppErrorCode } from '../core/errors.ts';
import type { Logger } from '../core/telemetry.ts';
import { InputNeeded } from './rounds.ts';

/** What the caller has asked for in vain, and could ask for otherwise. */
const INVALID: ReadonlySet<AppErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'PATH_NOT_FOUND',
  'OUTSIDE_WORKSPACE',
]);

/**
 * What a failed request other than a tool call is answered with. The SDK sends the message of whatever
 * a handler throws to the client, so nothing but these may leave a handler.
 */
export function protocolError(
  error: unknown,
  context: { uri?: string; requestId: string; logger: Logger },
): ProtocolError | InputNeeded {
  if (error instanceof ProtocolError || error instanceof InputNeeded) return error;
  if (!(error instanceof AppError)) {
    context.logger.error({ err: error }, 'request failed');
    return new ProtocolError(
      ProtocolErrorCode.InternalError,
      `Internal error, in the log under ${context.requestId}`,
      {
        code: 'INTERNAL',
        request_id: context.requestId,
      },
    );
  }
  if (context.uri !== undefined && (error.code === 'PATH_NOT_FOUND' || error.code === 'OUTSIDE_WORKSPACE')) {
    return new ResourceNotFoundError(context.uri, error.message);
  }
  const code = INVALID.has(error.code) ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
  const guidance = error.next === undefined ? '' : ` Next: ${error.next}.`;
  return new ProtocolError(code, `${error.code}: ${error.message}${guidance}`, {
    code: error.code,
    retryable: error.retryable,
    ...(error.retryAfter === undefined ? {} : { retry_after: error.retryAfter }),
  });
}
