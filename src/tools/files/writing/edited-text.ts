import { OutputBudget } from '../../../core/budget.ts';
import { AppError } from '../../../core/errors.ts';
import { callText, fileSize } from '../../../core/phrases.ts';
import { quoted, shown } from '../workspace/virtual-path.ts';
import { applyEdits, type Edit } from './apply-edits.ts';
import { bytesOf, isAscii, refuseUnproven, type TextBytes, textOf } from './text-bytes.ts';
import { documentOf, rawOf, type TextDocument } from './text-document.ts';
import { unifiedDiff } from './unified-diff.ts';

/** Edits of a file, as they can be handed to a thread. */
export interface EditOrder {
  readonly path: string;
  readonly bytes: Uint8Array;
  /** As `edit_file` takes it. */
  readonly encoding: string;
  readonly edits: readonly Edit[];
  /** That the diff may take. */
  readonly tokens: number;
}

export interface EditedText {
  readonly bytes: Uint8Array;
  /** Places that were changed. */
  readonly replaced: number;
  /** Undefined for one that is too long. */
  readonly diff: string | undefined;
  /** What was kept that is not usual. */
  readonly kept: readonly string[];
}

export const MAX_EDITED_BYTES = 1_000_000;
/** That a diff has at most. */
export const MAX_CHANGED_LINES = 1000;

/**
 * @param most Added and removed lines that the diff may have.
 * @throws AppError as {@link textOf}, {@link applyEdits} and {@link bytesOf}; `FILE_TOO_LARGE`
 */
export async function editedText(order: EditOrder, most: number): Promise<EditedText> {
  const { path, bytes, encoding, edits, tokens } = order;
  const form = await textOf(bytes, path, encoding);
  const before = documentOf(form.raw);
  const { document, replaced } = await applyEdits(before, edits, { path, form });
  refuseDoubtful(form, edits, path);
  const after = await bytesOf(rawOf(document), form, path);
  if (after.length > MAX_EDITED_BYTES) throw wouldBeTooLarge(path, after.length);
  const change = { path, before: before.text, after: document.text };
  const diff = await unifiedDiff(change, new OutputBudget(tokens), most);
  return { bytes: after, replaced, diff, kept: keptOf(form, before) };
}

/** What was found as it was sent shows that the text was read rightly. */
function refuseDoubtful(form: TextBytes, edits: readonly Edit[], path: string): void {
  if (edits.some((edit) => !isAscii(edit.old_text))) return;
  const again = callText('edit_file', { path: shown(path), encoding: form.encoding });
  const added = edits.map((edit) => edit.new_text).join('');
  refuseUnproven(form, added, path, `then ${again}, or with that other one, and the same edits`);
}

function wouldBeTooLarge(path: string, size: number): AppError {
  return new AppError(
    'FILE_TOO_LARGE',
    `${quoted(path)} would have ${fileSize(size)}; this works up to ${fileSize(MAX_EDITED_BYTES)}. Nothing was changed.`,
    { next: 'split the file, or make fewer replacements' },
  );
}

function keptOf({ encoding }: TextBytes, { endings }: TextDocument): string[] {
  return [
    ...(encoding === 'utf-8' ? [] : [encoding]),
    ...(endings === undefined ? [] : [endings.includes('n') ? 'mixed line endings' : 'CRLF']),
  ];
}
