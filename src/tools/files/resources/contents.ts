import { isUtf8 } from 'node:buffer';
import type { ResourceContents } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import { mimeTypeOf } from '../mime-types.ts';
import { callText, counted, fileSize, grouped } from '../../../core/phrases.ts';
import type { OpenFile } from '../workspace/sandbox.ts';
import { quoted, shown } from '../workspace/virtual-path.ts';
import { type ByteRange, rangeUri } from './resource-uri.ts';

interface Question {
  readonly file: OpenFile;
  /** As it was asked for. */
  readonly uri: string;
  /** Of the largest answer. */
  readonly maxBytes: number;
}

const HEAD_BYTES = 64 * 1024;
/** Bytes that a UTF-8 character has at most beyond its first. */
const MAX_TAIL = 3;

/** @throws AppError `FILE_TOO_LARGE` */
export async function wholeContents({ file, uri, maxBytes }: Question): Promise<ResourceContents> {
  const { path, stats } = file;
  if (stats.size > maxBytes) {
    throw new AppError(
      'FILE_TOO_LARGE',
      `${quoted(path)} has ${fileSize(stats.size)}; resources of up to ${fileSize(maxBytes)} are served whole.`,
      {
        next: `read the resource ${rangeUri(path, 0, maxBytes)}, or call ${callText('read_file', { paths: [shown(path)] })}`,
      },
    );
  }
  const bytes = await readAt(file, 0, stats.size);
  return { ...typed(file, bytes, isText(bytes)), uri };
}

/**
 * A part of a file. In a text each character belongs to the part that its first byte lies in, so that
 * the parts of any division, put together, are the text; `_meta` tells the bytes that are really there.
 *
 * @throws AppError `INVALID_ARGUMENT` for a range that is empty, too long, or behind the end
 */
export async function rangeContents(
  { file, uri, maxBytes }: Question,
  range: ByteRange,
): Promise<ResourceContents> {
  const { size } = file.stats;
  const { offset, length } = checkedRange(file, range, maxBytes);
  const isTextFile = isText(wholeCharacters(await readAt(file, 0, HEAD_BYTES)));
  const [from, to] = isTextFile
    ? [await characterStart(file, offset), await characterStart(file, offset + length)]
    : [offset, Math.min(size, offset + length)];
  const bytes = await readAt(file, from, to - from);
  const next = to < size ? { next: rangeUri(file.path, to, length) } : {};
  return {
    ...typed(file, bytes, isTextFile && isText(bytes)),
    uri,
    _meta: { size, offset: from, length: bytes.length, ...next },
  };
}

/** @throws AppError `INVALID_ARGUMENT` for a range that is empty, too long, or behind the end */
export function checkedRange(
  { path, stats: { size } }: OpenFile,
  range: ByteRange,
  maxBytes: number,
): { readonly offset: number; readonly length: number } {
  const { offset = 0, length = maxBytes } = range;
  if (length < 1 || length > maxBytes) {
    throw new AppError(
      'INVALID_ARGUMENT',
      `length=${length} is not served: from 1 to ${grouped(maxBytes)} bytes are.`,
      { next: `read ${rangeUri(path, offset, maxBytes)}` },
    );
  }
  if (offset > 0 && offset >= size) {
    throw new AppError(
      'INVALID_ARGUMENT',
      `offset=${offset} is behind the end: ${quoted(path)} has ${counted(size, 'byte')}.`,
      { next: `read ${rangeUri(path, Math.max(0, size - length), length)}` },
    );
  }
  return { offset, length };
}

function typed(file: OpenFile, bytes: Buffer, asText: boolean) {
  const mimeType = mimeTypeOf(file.path) ?? (asText ? 'text/plain' : 'application/octet-stream');
  return asText ? { mimeType, text: bytes.toString('utf8') } : { mimeType, blob: bytes.toString('base64') };
}

function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && !bytes.includes(0);
}

/** Without the character that is cut off at the end, if one is. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let cut = 0; cut <= Math.min(MAX_TAIL, bytes.length); cut++) {
    const shorter = bytes.subarray(0, bytes.length - cut);
    if (isUtf8(shorter)) return shorter;
  }
  return bytes;
}

/** The first byte at or after a place that is not in the middle of a character. */
async function characterStart(file: OpenFile, at: number): Promise<number> {
  if (at >= file.stats.size) return file.stats.size;
  const from = Math.max(0, at - MAX_TAIL);
  const around = await readAt(file, from, at - from + MAX_TAIL);
  for (let first = at - from - 1; first >= 0; first--) {
    for (let end = at - from + 1; end <= around.length; end++) {
      if (isOneCharacter(around.subarray(first, end))) return from + end;
    }
  }
  return at;
}

function isOneCharacter(bytes: Buffer): boolean {
  return bytes.length <= MAX_TAIL + 1 && isUtf8(bytes) && Array.from(bytes.toString('utf8')).length === 1;
}

/** Fewer bytes where the file ends. */
async function readAt(file: OpenFile, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(Math.max(0, Math.min(length, file.stats.size - offset)));
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.handle.read(buffer, filled, buffer.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
