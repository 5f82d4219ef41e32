import { isAscii, isUtf8 } from 'node:buffer';

export interface Decoded {
  readonly text: string;
  /** Undefined for UTF-8; else what it was read as. */
  readonly encoding: string | undefined;
}

const MARKS: readonly (readonly [readonly number[], string])[] = [
  [[0xef, 0xbb, 0xbf], 'utf-8'],
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
];
const META_BYTES = 4096;
const GUESSED_BYTES = 16_384;
const MIN_CONFIDENCE = 40;
const FALLBACK = 'windows-1252';

/**
 * Reads bytes as the mark at their beginning says, then as the server does, then as the page itself does; what
 * contradicts the bytes is not believed, and in the end they are guessed by.
 *
 * @param declared The `charset` of the server.
 */
export async function decode(bytes: Buffer, declared: string | undefined, isHtml: boolean): Promise<Decoded> {
  const mark = MARKS.find(([start]) => start.every((byte, index) => bytes[index] === byte));
  if (mark !== undefined) return decodeAs(bytes.subarray(mark[0].length), mark[1]);
  for (const label of [declared, isHtml ? declaredInside(bytes) : undefined]) {
    const encoding = encodingOf(label);
    if (encoding !== undefined && fits(bytes, encoding, label === declared)) return decodeAs(bytes, encoding);
  }
  return decodeAs(bytes, isUtf8(bytes) ? 'utf-8' : await guess(bytes));
}

function fits(bytes: Buffer, encoding: string, isOfServer: boolean): boolean {
  if (encoding === 'utf-8') return isUtf8(bytes);
  // The page itself can only say so in bytes that are not: WHATWG HTML, "prescan a byte stream".
  if (encoding.startsWith('utf-16')) return isOfServer;
  return isAscii(bytes) || !isUtf8(bytes);
}

function decodeAs(bytes: Buffer, encoding: string): Decoded {
  if (encoding === 'utf-8') return { text: bytes.toString('utf8'), encoding: undefined };
  return {
    text: new TextDecoder(encoding).decode(bytes),
    encoding: isAscii(bytes) && isAsciiKin(encoding) ? undefined : encoding,
  };
}

function isAsciiKin(encoding: string): boolean {
  return !encoding.startsWith('utf-16') && !encoding.startsWith('iso-2022');
}

function declaredInside(bytes: Buffer): string | undefined {
  const head = bytes.toString('latin1', 0, META_BYTES);
  return (
    /<meta[^>]{0,300}?charset\s*=\s*["']?\s*([\w.:-]{2,40})/i.exec(head)?.[1] ??
    /^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{2,40})/.exec(head)?.[1]
  );
}

/**
 * As the WHATWG encoding standard reads a label. It knows none in which markup could be written that nobody sees as
 * such, like UTF-7.
 */
function encodingOf(label: string | undefined): string | undefined {
  try {
    return label === undefined ? undefined : new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

async function guess(bytes: Buffer): Promise<string> {
  const { default: chardet } = await import('chardet');
  const first = bytes.findIndex((byte) => byte > 0x7f);
  const from = Math.max(0, first - 256);
  const [best] = chardet.analyse(bytes.subarray(from, from + GUESSED_BYTES));
  if (best === undefined || best.confidence < MIN_CONFIDENCE) return FALLBACK;
  return encodingOf(best.name) ?? FALLBACK;
}
