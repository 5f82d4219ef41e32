import { type Content, text } from '../../../core/content.ts';
import { AppError } from '../../../core/errors.ts';
import { callText, fileSize } from '../../../core/phrases.ts';
import { fileError } from '../workspace/file-error.ts';
import type { OpenFile } from '../workspace/sandbox.ts';
import { versionAt } from '../workspace/version.ts';
import { nameOf, parentOf, quoted, shown, toUri } from '../workspace/virtual-path.ts';
import { detectEncoding, type Encoding, namedEncoding } from './encoding.ts';
import { type FileKind, binary, kindOf } from './file-kind.ts';
import type { ImageRoom, ReadRequest } from './read-request.ts';
import { tablePage } from './table-page.ts';
import { textPage, type TextRequest } from './text-page.ts';

const HEAD_BYTES = 64 * 1024;
const MAX_IMAGE_BYTES = 1_000_000;
/** Tokens for the closing note. */
const CLOSING_TOKENS = 150;

/** Reads one file in the way that its first bytes ask for. */
export async function readOne(request: ReadRequest): Promise<Content[]> {
  const { services, call, path } = request;
  const file = await services.lookup.openFile(path, (other) => request.again({ path: other }), call.signal);
  try {
    // Told before anything is read: what is written meanwhile makes it outdated, never what was shown.
    const version = await versionAt(file.handle);
    const head = await readAt(file, 0, HEAD_BYTES);
    const kind = request.encoding === 'auto' ? kindOf(head, nameOf(path)) : undefined;
    if (kind?.kind === 'image') return await image(file, kind, request.images);
    if (kind?.kind === 'parquet' || kind?.kind === 'workbook') {
      return [
        text(
          await tablePage({ ...request, file, format: kind.kind, reserve: request.reserve + CLOSING_TOKENS }),
        ),
      ];
    }
    if (kind !== undefined) throw notText(request, file, kind);
    const encoding = await encodingOf(request, file, head);
    return [text(await readText(request, { file, version, head, encoding }))];
  } catch (error) {
    throw fileError(error, path);
  } finally {
    await file.close();
  }
}

async function encodingOf(request: ReadRequest, file: OpenFile, head: Buffer): Promise<Encoding> {
  if (request.encoding !== 'auto') return namedEncoding(request.encoding, head);
  const encoding = await detectEncoding(head, head.length >= file.stats.size);
  if (encoding === undefined) throw notText(request, file, binary('binary data'));
  return encoding;
}

type TextFile = Pick<TextRequest, 'file' | 'version' | 'head' | 'encoding'>;

function readText(request: ReadRequest, file: TextFile): Promise<string> {
  const { services, startLine, maxLines, call } = request;
  return textPage({
    ...file,
    startLine,
    maxLines,
    budget: call.budget,
    reserve: request.reserve + CLOSING_TOKENS,
    indexes: services.indexes,
    signal: call.signal,
    again: (line) => request.again({ start_line: line }),
  });
}

/** A picture that is too large to be shown is linked: the client may be able to open it. */
async function image(
  file: OpenFile,
  { name, mimeType }: FileKind & { kind: 'image' },
  room: ImageRoom,
): Promise<Content[]> {
  const { size } = file.stats;
  if (size > MAX_IMAGE_BYTES) {
    const what = `[${quoted(file.path)} is a ${name} of ${fileSize(size)}; images of up to 1 MB are shown, this one is linked for your client to open]`;
    const link = { uri: toUri(file.path), name: nameOf(file.path), mimeType, size };
    return [text(what), { type: 'resource_link', ...link }];
  }
  if (size > room.left) {
    room.leftOut.push(file.path);
    return [text(`[a ${name} of ${fileSize(size)}; not shown, see the end]`)];
  }
  room.left -= size;
  const bytes = await readAt(file, 0, size);
  return [{ type: 'image', data: bytes.toString('base64'), mimeType }];
}

function notText({ encoding }: ReadRequest, file: OpenFile, kind: FileKind): AppError {
  const what = `${quoted(file.path)} is not text: ${kind.name}, ${fileSize(file.stats.size)}.`;
  const other = callText('list_files', { path: shown(parentOf(file.path)) });
  return new AppError('NOT_TEXT', what, {
    next:
      encoding === 'auto'
        ? `${other} shows what lies beside it; if it is text in an unusual encoding, name that as encoding; its bytes are the resource ${toUri(file.path)}, which your client may be able to open`
        : other,
  });
}

async function readAt(file: OpenFile, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(length, Math.max(0, file.stats.size - offset)));
  const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, offset);
  return buffer.subarray(0, bytesRead);
}
