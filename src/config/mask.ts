import * as z from 'zod';
import { childSchema } from './paths.ts';
import { isSecret, unwrap } from './settings.ts';

const MASK = '********';

/** The value as it may be shown: secrets, and passwords inside of URLs, are replaced by asterisks. */
export function maskSecrets(schema: z.ZodType, value: unknown): unknown {
  if (value === undefined || value === null) return value;
  if (isSecret(schema, value)) return Array.isArray(value) && value.length === 0 ? value : MASK;
  if (typeof value === 'string') return value.replace(/(?<=\/\/[^/?#]*:)[^/?#]+(?=@)/, MASK);
  if (Array.isArray(value)) return value.map((item, index) => maskMember(schema, index, item));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, maskMember(schema, name, item)]),
  );
}

function maskMember(schema: z.ZodType, step: PropertyKey, value: unknown): unknown {
  const isMisplaced = typeof step === 'string' && unwrap(schema) instanceof z.ZodArray;
  const member = isMisplaced ? undefined : childSchema(schema, step);
  // What stands where nothing of this name belongs may be the secret of another place.
  return member === undefined ? MASK : maskSecrets(member, value);
}
