/** Stands where a secret stood. */
export const REDACTED = '[redacted]';

/** Names of fields that hold secrets, in lower case without `-` and `_`: header, OAuth and form fields alike. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'authorization',
  'proxyauthorization',
  'dpop',
  'cookie',
  'setcookie',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'registrationaccesstoken',
  'code',
  'devicecode',
  'codeverifier',
  'password',
  'secret',
  'clientsecret',
  'assertion',
  'clientassertion',
]);

/**
 * Spellings under which the names occur as fields of a line or of a child logger; pino replaces these
 * itself, which covers the fields that a child logger carries.
 */
export const SECRET_FIELDS: readonly string[] = [
  'authorization',
  'dpop',
  'cookie',
  '["set-cookie"]',
  'token',
  'access_token',
  'refresh_token',
  'id_token',
  'code',
  'code_verifier',
  'password',
  'secret',
  'client_secret',
  'assertion',
  'client_assertion',
];

const SECRETS_IN_TEXT: readonly (readonly [RegExp, string])[] = [
  // "DPoP proof" is what messages speak of.
  [/\b(Bearer|DPoP|Basic)\s+(?!proof\b)[\w.~+/=-]+/gi, `$1 ${REDACTED}`],
  // A JWT, signed or encrypted (RFC 7515 §3.1, RFC 7516 §3.1).
  [/\beyJ[\w-]+(\.[\w-]*){2,4}/g, REDACTED],
  [
    /\b(access_token|refresh_token|id_token|token|code|password|client_secret|client_assertion|assertion|code_verifier|state)=[^&\s"'<>]+/gi,
    `$1=${REDACTED}`,
  ],
];

/** What every one of these holds somewhere. Most texts in a log line do not, and are left at one look. */
const MAY_HOLD_SECRET = /[\s=]|eyJ/;

/** Bounds on what one log line may hold: levels of nesting, entries of one object, entries in all. */
const MAX_DEPTH = 5;
const MAX_ENTRIES = 100;
const MAX_TOTAL = 1000;
const MAX_CAUSES = 4;
const TRUNCATED = '[truncated]';

/** A copy of a log line's fields without secrets, at any depth. */
export function redact(fields: Record<string, unknown>): Record<string, unknown> {
  return new Walk().copy(fields, 0);
}

/** A text without what looks like a token, an authorization header or a secret parameter. */
function redactText(text: string): string {
  if (!MAY_HOLD_SECRET.test(text)) return text;
  let clean = text;
  for (const [pattern, replacement] of SECRETS_IN_TEXT) clean = clean.replace(pattern, replacement);
  return clean;
}

/**
 * What the log tells of an error: its type, message, stack and causes. Further properties are left out,
 * since libraries attach requests, headers and response bodies to their errors.
 */
export function describeError(error: Error, depth = 0): Record<string, unknown> {
  const { code } = error as { code?: unknown };
  return {
    type: error.name,
    message: redactText(error.message),
    ...(typeof code === 'string' ? { errorCode: code } : {}),
    stack: redactText(error.stack ?? ''),
    ...(error.cause instanceof Error && depth < MAX_CAUSES
      ? { cause: describeError(error.cause, depth + 1) }
      : {}),
  };
}

/** The names of fields come from the code, so that few of them come again and again. */
const MAX_JUDGED = 1000;
const judged = new Map<string, boolean>();

function isSecret(key: string): boolean {
  const known = judged.get(key);
  if (known !== undefined) return known;
  const secret = SECRET_NAMES.has(key.toLowerCase().replaceAll(/[-_]/g, ''));
  if (judged.size < MAX_JUDGED) judged.set(key, secret);
  return secret;
}

/** One copy of one line's fields, with the count of what it has taken so far. */
class Walk {
  #entries = 0;

  copy(fields: object, depth: number): Record<string, unknown> {
    const clean: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(fields).slice(0, MAX_ENTRIES)) {
      clean[key] = isSecret(key) && value !== undefined ? REDACTED : this.#value(value, depth);
    }
    return clean;
  }

  #value(value: unknown, depth: number): unknown {
    this.#entries += 1;
    if (typeof value === 'string') return redactText(value);
    if (typeof value !== 'object' || value === null) return value;
    if (value instanceof Error) return describeError(value);
    if (depth >= MAX_DEPTH || this.#entries > MAX_TOTAL) return TRUNCATED;
    if (Array.isArray(value)) {
      return value.slice(0, MAX_ENTRIES).map((item: unknown) => this.#value(item, depth + 1));
    }
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      return this.#value((value as { toJSON(): unknown }).toJSON(), depth + 1);
    }
    return this.copy(value, depth + 1);
  }
}
