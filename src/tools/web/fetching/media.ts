import type { ContentClass } from '../../../core/budget.ts';

/** What an answer holds. */
export type Media =
  | { readonly kind: 'html' }
  | { readonly kind: 'text'; readonly contentClass: ContentClass }
  | { readonly kind: 'binary'; readonly what: string };

/** What it is, where its sign stands, and how that looks. */
const SIGNATURES: readonly (readonly [string, number, ...string[]])[] = [
  ['a PDF document', 0, '%PDF-'],
  ['a ZIP archive or an office document', 0, 'PK\x03\x04'],
  ['a PNG image', 0, '\x89PNG\r\n'],
  ['a JPEG image', 0, '\xff\xd8\xff'],
  ['a GIF image', 0, 'GIF87a', 'GIF89a'],
  ['a WebP image', 8, 'WEBP'],
  ['an AVIF or HEIC image', 4, 'ftypavif', 'ftypheic', 'ftypmif1'],
  ['an image', 0, 'II*\0', 'MM\0*', '\0\0\x01\0'],
  ['a sound recording', 0, 'ID3', 'OggS', 'fLaC'],
  ['a sound recording', 8, 'WAVE'],
  ['a video', 4, 'ftyp'],
  ['a video', 0, '\x1aE\xdf\xa3'],
  ['a compressed archive', 0, '\x1f\x8b', 'BZh', '\xfd7zXZ', '7z\xbc\xaf', 'Rar!', '\x28\xb5\x2f\xfd'],
  ['an office document', 0, '\xd0\xcf\x11\xe0'],
  ['a program', 0, '\x7fELF', '\xcf\xfa\xed\xfe'],
  ['a WebAssembly module', 0, '\0asm'],
  ['a font', 0, 'wOFF', 'wOF2', 'OTTO\0', '\0\x01\0\0\0'],
  ['an SQLite database', 0, 'SQLite format 3\0'],
  ['a Parquet file', 0, 'PAR1'],
];

/** A text may begin with them too. */
const LETTERS = /^[\w ]+$/;

const SNIFFED_BYTES = 4096;
/** More of them than any text has. */
const MAX_CONTROLS = 0.02;
const HTML_TYPES: ReadonlySet<string> = new Set(['text/html', 'application/xhtml+xml']);
const UNTYPED: ReadonlySet<string> = new Set(['', 'application/octet-stream', 'binary/octet-stream', '*/*']);
const WIDE_MARK = /^(\xff\xfe|\xfe\xff)/;

/** Tells it by its first bytes; what the server says decides only how a text is read. */
export function mediaOf(bytes: Uint8Array, contentType: string | null): Media {
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, SNIFFED_BYTES));
  const characters = head.toString('latin1');
  const looksLikeText = isText(head, characters, contentType);
  const signature = SIGNATURES.find(([, at, ...signs]) =>
    signs.some((sign) => characters.startsWith(sign, at) && !(looksLikeText && LETTERS.test(sign))),
  );
  if (signature !== undefined) return { kind: 'binary', what: signature[0] };
  if (!looksLikeText) return { kind: 'binary', what: named(type) };
  const beginsAsHtml = /^(\xef\xbb\xbf)?\s*(<!--[^]*?-->\s*)?<(!doctype html|html|head|body)\b/i.test(
    characters,
  );
  if (HTML_TYPES.has(type) || (UNTYPED.has(type) && beginsAsHtml)) return { kind: 'html' };
  return { kind: 'text', contentClass: classOf(type) };
}

function isText(head: Buffer, characters: string, contentType: string | null): boolean {
  if (WIDE_MARK.test(characters) || /charset\s*=\s*"?utf-?16/i.test(contentType ?? '')) return true;
  if (head.includes(0)) return false;
  return head.filter(isControl).length <= head.length * MAX_CONTROLS;
}

/** Beside white space and what terminals are steered by. */
function isControl(byte: number): boolean {
  return byte < 0x20 && byte !== 0x1b && (byte < 0x08 || byte > 0x0d);
}

function named(type: string): string {
  return /^[a-z0-9!#$&^_.+-]{1,60}\/[a-z0-9!#$&^_.+-]{1,60}$/.test(type)
    ? `binary data (${type})`
    : 'binary data';
}

function classOf(type: string): ContentClass {
  if (/[/+]json$|ndjson|jsonl/.test(type)) return 'json';
  if (/csv|tab-separated/.test(type)) return 'csv';
  return /xml|javascript|ecmascript|css|yaml|x-/.test(type) ? 'code' : 'prose';
}
