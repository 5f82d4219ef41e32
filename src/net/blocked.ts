import { AppError } from '../core/errors.ts';

/** Says nothing of what the name resolves to: that would map the network from outside. */
export function urlBlocked(message = 'This URL does not lead to a public address.'): AppError {
  return new AppError('URL_BLOCKED', message, { next: 'use an http or https URL of a public server' });
}
