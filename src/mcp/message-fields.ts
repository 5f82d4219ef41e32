/**
 * What a body holds; undefined where it is no JSON, or nested so deeply that walking it would exhaust the stack
 * (RFC 8259 §9 leaves the bound to the reader).
 */
export function parseJson(bytes: Buffer): unknown {
  try {
    const value = JSON.parse(bytes.toString('utf8')) as unknown;
    return hasFewBrackets(bytes) || isShallow(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const MAX_DEPTH = 512;
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** Nothing is deeper than it has opening brackets: a cheap look that does for nearly all messages. */
function hasFewBrackets(bytes: Buffer): boolean {
  let count = 0;
  for (const byte of bytes) if ((byte === BRACKET || byte === BRACE) && ++count > MAX_DEPTH) return false;
  return true;
}

function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    level = level.flatMap((item) =>
      typeof item === 'object' && item !== null ? (Object.values(item) as unknown[]) : [],
    );
    if (level.length === 0) return true;
  }
  return false;
}

/** Of a request; null for whatever is none. */
export function idOf(message: unknown): string | number | null {
  const id = methodOf(message) === '' ? undefined : field(message, 'id');
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

export function methodOf(message: unknown): string {
  return textOf(field(message, 'method'));
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
