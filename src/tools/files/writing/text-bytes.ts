import { AppError } from '../../../core/errors.ts';
import { callText, fileSize } from '../../../core/phrases.ts';
import { decode, detectEncoding, type Encoding, namedEncoding } from '../reading/encoding.ts';
import { kindOf } from '../reading/file-kind.ts';
import { nameOf, quoted, shown } from '../workspace/virtual-path.ts';

/** How the text of a file is written as bytes. */
export interface TextForm extends Pick<Encoding, 'guess'> {
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
const BEYOND_ASCII = /[^\0-\x7f]/u;

/**
 * The text of a file, in a form in which every byte comes back as it was.
 *
 * @param named The encoding; `auto` for the one that the bytes seem to be of.
 * @throws AppError `NOT_TEXT` for what is none, or whose bytes do not come back; `INVALID_ARGUMENT` for an encoding
 *   that nobody knows
 */
export async function textOf(given: Uint8Array, path: string, named = 'auto'): Promise<TextBytes> {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.length);
  const { guess, ...encoding } = await encodingOf(bytes, path, named);
  const mark = bytes.subarray(0, encoding.mark);
  const body = bytes.subarray(encoding.mark);
  // In the encoding that is guessed where nothing else fits, five bytes have no meaning.
  const names = encoding.name === 'windows-1252' ? [encoding.name, LATIN1] : [encoding.name];
  for (const name of names) {
    const raw = name === LATIN1 ? body.toString('latin1') : await decode(body, name);
    if ((await encode(raw, name)).equals(body)) return { raw, mark, guess, encoding: name };
  }
  throw bytesWouldBeLost(path, encoding.name);
}

async function encodingOf(bytes: Buffer, path: string, named: string): Promise<Encoding> {
  if (named !== 'auto') return namedEncoding(named, bytes);
  const kind = kindOf(bytes, nameOf(path));
  const encoding = kind === undefined ? await detectEncoding(bytes, true) : undefined;
  if (encoding === undefined) throw notText(path, bytes.length, kind?.name ?? 'binary data');
  return encoding;
}

/** @throws AppError `INVALID_ARGUMENT` that names the characters which the encoding does not have */
export async function bytesOf(raw: string, form: TextForm, path: string): Promise<Buffer> {
  const { encoding, mark } = form;
  const body = await encode(raw, encoding);
  if (encoding !== UTF8 && (await decoded(body, encoding)) !== raw) throw await notEncodable(raw, form, path);
  return mark.length === 0 ? body : Buffer.concat([mark, body]);
}

/** @throws AppError `INVALID_ARGUMENT` for a text that no encoding of Unicode can hold */
export function refuseMalformed(text: string, what: string): void {
  if (!LONE_SURROGATE.test(text)) return;
  throw new AppError('INVALID_ARGUMENT', `${what} holds half of a character (a lone surrogate).`, {
    next: 'send the text as well-formed Unicode',
  });
}

export function isAscii(text: string): boolean {
  return !BEYOND_ASCII.test(text);
}

/**
 * Refuses new characters beyond ASCII where it is doubtful in which bytes they are to be written. Those that stand in
 * the text already are taken.
 *
 * @param next How the caller makes sure.
 * @throws AppError `INVALID_ARGUMENT`
 */
export function refuseUnproven(
  { raw, encoding, guess }: TextBytes,
  added: string,
  path: string,
  next: string,
): void {
  if (guess !== 'doubtful' || isAscii(added)) return;
  const character = Array.from(new Set(added)).find((one) => !isAscii(one) && !raw.includes(one));
  if (character === undefined) return;
  throw new AppError(
    'INVALID_ARGUMENT',
    `${quoted(path)} may be written in ${encoding}, but that is a doubtful guess, so ${JSON.stringify(character)} could be written wrongly. Nothing was changed.`,
    {
      next: `${callText('read_file', { paths: [shown(path)], encoding })} shows whether the text reads right in it, else try another; ${next}`,
    },
  );
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

async function notEncodable(raw: string, { encoding, guess }: TextForm, path: string): Promise<AppError> {
  const lost: string[] = [];
  for (const character of new Set(raw)) {
    if (lost.length === NAMED_CHARACTERS) break;
    if ((await decoded(await encode(character, encoding), encoding)) !== character) lost.push(character);
  }
  const names = lost.map((character) => {
    const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0') ?? '';
    return `${JSON.stringify(character)} (U+${code})`;
  });
  const other =
    guess === 'none' ? '' : `; if the file has another encoding, which was guessed, name that to edit_file`;
  return new AppError(
    'INVALID_ARGUMENT',
    `${quoted(path)} is written in ${encoding}, which does not have ${names.join(', ')}. Nothing was changed.`,
    { next: `make the same call with characters that this encoding has${other}` },
  );
}

function bytesWouldBeLost(path: string, encoding: string): AppError {
  const other = callText('read_file', { paths: [shown(path)], encoding: 'windows-1252' });
  return new AppError(
    'NOT_TEXT',
    `${quoted(path)} was read as ${encoding}, but some of its bytes make no character in it and would be lost. Nothing was changed.`,
    {
      next: `${other}, or another encoding, shows whether it is one in which the text reads right: give that one as encoding to edit_file; or replace the whole file with write_file and if_exists "overwrite"`,
    },
  );
}

function notText(path: string, size: number, what: string): AppError {
  return new AppError(
    'NOT_TEXT',
    `${quoted(path)} is not text: ${what}, ${fileSize(size)}. Nothing was changed.`,
    { next: 'leave it as it is; if it is text in an unusual encoding, name that to edit_file' },
  );
}
