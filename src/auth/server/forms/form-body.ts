import express, { type Request, type RequestHandler } from 'express';
import * as z from 'zod';
import { AppError } from '../../../core/errors.ts';

const LIMIT = '16kb';

/** Reads the body of a form. */
export const formBody: RequestHandler = express.urlencoded({
  extended: false,
  limit: LIMIT,
  parameterLimit: 20,
});

const fields = z.record(z.string(), z.unknown());

/** One field of a form that was read, once and as text; the empty text when it is absent. */
export function field(request: Request, name: string): string {
  const parsed = fields.safeParse(request.body);
  if (!parsed.success) throw refusedForm();
  const value = parsed.data[name];
  return typeof value === 'string' ? value : '';
}

/** A form that did not come from a page of ours in this browser, or not in time. */
export function refusedForm(): AppError {
  return new AppError(
    'BAD_REQUEST',
    'This form was not sent from the page that it belongs to, or that page is too old.',
    { next: 'go back, load the page again and repeat' },
  );
}
