import { AppError } from '../core/errors.ts';

export function storeUnavailable(cause?: unknown): AppError {
  return new AppError('UNAVAILABLE', 'The state store cannot be reached.', { retryAfter: 1, cause });
}
