import { callText } from '../../../core/phrases.ts';
import { shown } from '../workspace/virtual-path.ts';
import { bytesOf, refuseUnproven, textOf } from './text-bytes.ts';
import { plainNewlines } from './text-document.ts';

/** A text that is to be added to a file, as it can be handed to a thread. */
export interface AppendOrder {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly content: string;
}

export interface AppendedText {
  /** What is to be added. */
  readonly bytes: Uint8Array;
  /** Whether it goes on with a line that has no ending. */
  readonly isJoined: boolean;
}

const NO_MARK = Buffer.alloc(0);

/**
 * The text as the file would hold it.
 *
 * @throws AppError as {@link textOf} and {@link bytesOf}; `INVALID_ARGUMENT` where the encoding is not sure
 */
export async function appendedText({ path, bytes, content }: AppendOrder): Promise<AppendedText> {
  if (bytes.length === 0) return { bytes: Buffer.from(content), isJoined: false };
  const form = await textOf(bytes, path);
  const again = callText('edit_file', { path: shown(path), encoding: form.encoding });
  refuseUnproven(form, content, path, `then ${again}, or with that other one, adds to the last line`);
  const added = await bytesOf(endedAs(form.raw, content), { ...form, mark: NO_MARK }, path);
  return { bytes: added, isJoined: !form.raw.endsWith('\n') && !/^\r?\n/.test(content) };
}

/** Lines end as the last one that has an ending; where there is none, as they were given. */
function endedAs(raw: string, content: string): string {
  const newline = raw.lastIndexOf('\n');
  if (newline === -1) return content;
  const plain = plainNewlines(content);
  return raw[newline - 1] === '\r' ? plain.replaceAll('\n', '\r\n') : plain;
}
