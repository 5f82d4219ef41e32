/** What a file is that is not read as text, by its first bytes. */
export type FileKind =
  | { readonly kind: 'image'; readonly mimeType: string; readonly name: string }
  | { readonly kind: 'parquet' | 'workbook' | 'binary'; readonly name: string };

interface Signature {
  readonly at: number;
  readonly bytes: Buffer;
  readonly is: FileKind;
}

const SIGNATURES: readonly Signature[] = [
  signature('89504e470d0a1a0a', { kind: 'image', mimeType: 'image/png', name: 'PNG image' }),
  signature('ffd8ff', { kind: 'image', mimeType: 'image/jpeg', name: 'JPEG image' }),
  signature(ascii('GIF87a'), { kind: 'image', mimeType: 'image/gif', name: 'GIF image' }),
  signature(ascii('GIF89a'), { kind: 'image', mimeType: 'image/gif', name: 'GIF image' }),
  signature(ascii('WEBP'), { kind: 'image', mimeType: 'image/webp', name: 'WebP image' }, 8),
  signature(ascii('PAR1'), { kind: 'parquet', name: 'Parquet file' }),
  signature(ascii('%PDF-'), binary('PDF document')),
  signature(ascii('SQLite format 3\0'), binary('SQLite database')),
  signature('504b0304', binary('ZIP archive')),
  signature('1f8b', binary('gzip archive')),
  signature('28b52ffd', binary('Zstandard archive')),
  signature('fd377a585a00', binary('XZ archive')),
  signature('377abcaf271c', binary('7-Zip archive')),
  signature('7f454c46', binary('ELF program')),
  signature('0061736d', binary('WebAssembly module')),
  signature('d0cf11e0a1b11ae1', binary('document of an old Office format')),
  signature(ascii('ARROW1'), binary('Arrow file')),
  signature(ascii('ftyp'), binary('MPEG-4 media file'), 4),
  signature(ascii('ustar'), binary('tar archive'), 257),
];
const WORKBOOK = /\.xls[xm]$/i;
const OFFICE = /\.(docx|pptx|odt|ods|odp)$/i;

/** Undefined for what may be text: its bytes decide. */
export function kindOf(head: Buffer, name: string): FileKind | undefined {
  const found = SIGNATURES.find(({ at, bytes }) => head.subarray(at, at + bytes.length).equals(bytes))?.is;
  if (found?.name !== 'ZIP archive') return found;
  if (WORKBOOK.test(name)) return { kind: 'workbook', name: 'spreadsheet' };
  return OFFICE.test(name) ? binary('Office document') : found;
}

export function binary(name: string): FileKind {
  return { kind: 'binary', name };
}

function ascii(text: string): string {
  return Buffer.from(text, 'latin1').toString('hex');
}

function signature(hex: string, is: FileKind, at = 0): Signature {
  return { at, bytes: Buffer.from(hex, 'hex'), is };
}
