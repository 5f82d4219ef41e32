import { AppError } from '../../../core/errors.ts';
import { toUri, virtualPath } from '../workspace/virtual-path.ts';

/** Part of a file, in bytes; what is not given is undefined. */
export interface ByteRange {
  readonly offset: number | undefined;
  readonly length: number | undefined;
}

export interface ResourceAddress {
  readonly path: string;
  /** Undefined for the whole file. */
  readonly range: ByteRange | undefined;
}

type Variable = keyof ByteRange;

const VARIABLES: readonly string[] = ['offset', 'length'] satisfies Variable[];
const MAX_SHOWN_LENGTH = 40;

/**
 * What a resource's URI names: `fairlead://workspace/a.csv`, `fairlead://workspace/a.csv?offset=0&length=4096`.
 * A question mark in a file's name is percent-encoded.
 *
 * @throws AppError as {@link virtualPath}, `INVALID_ARGUMENT` for a query that is no range
 */
export function parseResourceUri(uri: string): ResourceAddress {
  const mark = uri.indexOf('?');
  const path = virtualPath(mark === -1 ? uri : uri.slice(0, mark));
  const query = mark === -1 ? '' : uri.slice(mark + 1);
  return { path, range: query === '' ? undefined : parseRange(path, new URLSearchParams(query)) };
}

export function rangeUri(path: string, offset: number, length: number): string {
  return `${toUri(path)}?offset=${offset}&length=${length}`;
}

function parseRange(path: string, query: URLSearchParams): ByteRange {
  const unknown = [...query.keys()].find((key) => !VARIABLES.includes(key));
  if (unknown !== undefined) {
    throw refusal(path, `A resource takes offset and length, not ${shortened(unknown)}.`);
  }
  return { offset: numberIn(path, query, 'offset'), length: numberIn(path, query, 'length') };
}

function numberIn(path: string, query: URLSearchParams, variable: Variable): number | undefined {
  const [value, ...others] = query.getAll(variable);
  if (value === undefined) return undefined;
  if (others.length > 0) throw refusal(path, `${variable} is given more than once.`);
  const number = /^\d+$/.test(value) ? Number(value) : NaN;
  if (Number.isSafeInteger(number)) return number;
  throw refusal(
    path,
    `${variable} is a whole number of bytes and never negative; ${shortened(value)} is none.`,
  );
}

function refusal(path: string, message: string): AppError {
  return new AppError('INVALID_ARGUMENT', message, { next: `read ${rangeUri(path, 0, 65_536)}` });
}

function shortened(value: string): string {
  return JSON.stringify(value.length > MAX_SHOWN_LENGTH ? `${value.slice(0, MAX_SHOWN_LENGTH)}…` : value);
}
