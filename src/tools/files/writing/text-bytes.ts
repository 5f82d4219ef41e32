import { AppError } from '../../../core/errors.ts';
import { callText, fileSize } from '../../../core/phrases.ts';
import { decode, detectEncoding } from '../reading/encoding.ts';
import { kindOf } from '../reading/file-kind.ts';
import { nameOf, quoted, shown } from '../workspace/virtual-path.ts';

/** How the text of a file is written as bytes. */
export interface TextForm {
  /** As `Encoding.name`. */
  readonly encoding: string;
  /** The byte order mark; empty where there is none. */
  readonly mark: Buffer;
}

export interface TextBytes extends TextForm {
  readonly raw: string;
}

const UTF8 = 'utf-8';
const LATIN1 = 'iso-8859-1';
const NAMED_CHARACTERS = 5;
const LONE_SURROGATE = /\p{Cs}/u;

/**
 * The text of a file, in a form in which every byte comes back as it was.
 *
 * @throws AppError `NOT_TEXT` for what is none, or whose bytes do not come back
 */
export async function textOf(bytes: Buffer, path: string): Promise<TextBytes> {
  const kind = kindOf(bytes, nameOf(path));
  const encoding = kind === undefined ? await detectEncoding(bytes, true) : undefined;
  if (encoding === undefined) throw notText(path, bytes.length, kind?.name ?? 'binary data');
  const mark = bytes.subarray(0, encoding.mark);
  const body = bytes.subarray(encoding.mark);
  // In the encoding that is guessed where nothing else fits, five bytes have no meaning.
  const names = encoding.name === 'windows-1252' ? [encoding.name, LATIN1] : [encoding.name];
  for (const name of names) {
    const raw = name === LATIN1 ? body.toString('latin1') : await decode(body, name);
    if ((await encode(raw, name)).equals(body)) return { raw, mark, encoding: name };
  }
  throw new AppError(
    'NOT_TEXT',
    `${quoted(path)} reads as ${encoding.name}, but some of its bytes make no character in it and would be lost.`,
    {
      next: `leave the file as it is, or replace all of it: ${callText('write_file', { path: shown(path), if_exists: 'overwrite' })} with the whole content`,
    },
  );
}

/** @throws AppError `INVALID_ARGUMENT` that names the characters which the encoding does not have */
export async function bytesOf(raw: string, { encoding, mark }: TextForm, path: string): Promise<Buffer> {
  const body = await encode(raw, encoding);
  if (encoding !== UTF8 && (await decoded(body, encoding)) !== raw) {
    throw await notEncodable(raw, encoding, path);
  }
  return mark.length === 0 ? body : Buffer.concat([mark, body]);
}

/** @throws AppError `INVALID_ARGUMENT` for a text that no encoding of Unicode can hold */
export function refuseMalformed(text: string, what: string): void {
  if (!LONE_SURROGATE.test(text)) return;
  throw new AppError('INVALID_ARGUMENT', `${what} holds half of a character (a lone surrogate).`, {
    next: 'send the text as well-formed Unicode',
  });
}

async function encode(raw: string, encoding: string): Promise<Buffer> {
  if (encoding === UTF8) return Buffer.from(raw, 'utf8');
  if (encoding === 'utf-16le') return Buffer.from(raw, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(raw, 'utf16le').swap16();
  if (encoding === LATIN1) return Buffer.from(raw, 'latin1');
  const { default: iconv } = await import('iconv-lite');
  return iconv.encode(raw, encoding);
}

function decoded(bytes: Buffer, encoding: string): Promise<string> {
  return encoding === LATIN1 ? Promise.resolve(bytes.toString('latin1')) : decode(bytes, encoding);
}

async function notEncodable(raw: string, encoding: string, path: string): Promise<AppError> {
  const lost: string[] = [];
  for (const character of new Set(raw)) {
    if (lost.length === NAMED_CHARACTERS) break;
    if ((await decoded(await encode(character, encoding), encoding)) !== character) lost.push(character);
  }
  const names = lost.map((character) => {
    const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? '';
    return `${JSON.stringify(character)} (U+${code})`;
  });
  return new AppError(
    'INVALID_ARGUMENT',
    `${quoted(path)} is written in ${encoding}, which does not have ${names.join(', ')}. Nothing was changed.`,
    { next: 'make the same call with characters that this encoding has' },
  );
}

function notText(path: string, size: number, what: string): AppError {
  return new AppError(
    'NOT_TEXT',
    `${quoted(path)} is not text: ${what}, ${fileSize(size)}. Nothing was changed.`,
  );
}
