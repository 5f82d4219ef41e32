import type { ApiOptions } from './options.ts';

/** What each request to an API carries that agents must not see. */
export interface Credentials {
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The query parameter, by its name. */
  readonly parameter: { readonly name: string; readonly value: string } | undefined;
  /** Every spelling of a secret that could come back. */
  readonly secrets: readonly string[];
}

/** What they say is no secret, and stands in answers for other reasons. */
const TELLING_HEADER = /^(accept|accept-language|cache-control|prefer|user-agent|.*version)$/;

export function credentialsOf({ headers, auth }: Pick<ApiOptions, 'headers' | 'auth'>): Credentials {
  const ofAuth = auth === undefined ? undefined : carried(auth);
  const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const values = own.filter(([name]) => !TELLING_HEADER.test(name)).map(([, value]) => value);
  values.push(...(ofAuth?.secrets ?? []));
  return {
    headers: { ...Object.fromEntries(own), ...ofAuth?.headers },
    parameter: ofAuth?.parameter,
    secrets: [...new Set(values.flatMap(spellings))].sort((a, b) => b.length - a.length),
  };
}

function carried({ type, name = '', secret }: NonNullable<ApiOptions['auth']>): Credentials {
  switch (type) {
    case 'bearer':
      return { headers: { authorization: `Bearer ${secret}` }, parameter: undefined, secrets: [secret] };
    case 'basic': {
      const pair = Buffer.from(`${name}:${secret}`).toString('base64');
      return { headers: { authorization: `Basic ${pair}` }, parameter: undefined, secrets: [secret, pair] };
    }
    case 'header':
      return { headers: { [name.toLowerCase()]: secret }, parameter: undefined, secrets: [secret] };
    case 'query':
      return { headers: {}, parameter: { name, value: secret }, secrets: [secret] };
  }
}

/** Shorter ones stand in every text by chance, and keep nothing secret. */
const MIN_SECRET_LENGTH = 4;

function spellings(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1);
  const bytes = Buffer.from(secret);
  return [
    secret,
    secret.trim(),
    inJson,
    inJson.replaceAll('/', '\\/'),
    ...[encodeURIComponent(secret), new URLSearchParams([['', secret]]).toString().slice(1)].flatMap(
      (escaped) => [escaped, escaped.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())],
    ),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'),
    bytes.toString('base64'),
    bytes.toString('base64url'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
  ].filter(({ length }) => length >= MIN_SECRET_LENGTH);
}

const REDACTED = '[redacted]';

function without(secrets: readonly string[], value: string): string {
  let clean = value;
  for (const secret of secrets) clean = clean.replaceAll(secret, REDACTED);
  return clean;
}

/** Takes secrets out of what an API answers: some echo the request. */
export class Redactor {
  readonly #secrets: readonly string[];
  /** A character for a byte: in UTF-8, and as headers carry them. */
  readonly #inBytes: readonly string[];

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
    this.#inBytes = [
      ...new Set(secrets.flatMap((secret) => [Buffer.from(secret).toString('latin1'), secret])),
    ];
  }

  text(value: string): string {
    return without(this.#secrets, value);
  }

  bytes(value: Buffer): Buffer {
    const asText = value.toString('latin1');
    const clean = without(this.#inBytes, asText);
    return clean === asText ? value : Buffer.from(clean, 'latin1');
  }

  /** What the log may hold of an error that came from outside. */
  cause(error: unknown): Error {
    const messages: string[] = [];
    for (let inner = error; inner instanceof Error && messages.length < 5; inner = inner.cause) {
      messages.push(`${inner.name}: ${inner.message}`);
    }
    return new Error(this.text(messages.join('; caused by ')));
  }
}
