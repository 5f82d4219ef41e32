import { loadConfig } from '../config/index.ts';
import { AppError } from '../core/errors.ts';
import { counted, fileSize } from '../core/phrases.ts';
import { Trashes } from '../tools/index.ts';
import { ask } from './ask.ts';
import { withAudit } from './audit.ts';
import type { Surroundings } from './surroundings.ts';

const DAY_MS = 86_400_000;
/** Control characters and those that turn the reading direction: a terminal is to show a name, not to obey it. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

interface Where {
  readonly workspace?: string;
}

/** `fairlead trash list` */
export async function listTrash(
  surroundings: Surroundings,
  { workspace, json }: Where & { readonly json?: true },
): Promise<void> {
  const { tools } = await loadConfig(surroundings);
  const items = await new Trashes(tools.files).list(workspace);
  if (json === true) {
    surroundings.stdout.write(`${JSON.stringify(items, undefined, 2)}\n`);
    return;
  }
  const rows = items.map(({ id, path, kind, entries, bytes, subject }) => {
    const amount =
      kind === 'folder' ? `${counted(entries, 'entry', 'entries')}, ${fileSize(bytes)}` : fileSize(bytes);
    return `${id}  ${path.replace(UNPRINTABLE, '?')}  (${kind}, ${amount}; by ${subject.replace(UNPRINTABLE, '?')})`;
  });
  surroundings.stdout.write(rows.length === 0 ? 'The trash is empty.\n' : `${rows.join('\n')}\n`);
}

/** `fairlead trash restore` */
export async function restoreTrash(
  surroundings: Surroundings,
  id: string,
  options: Where & { readonly to?: string },
): Promise<void> {
  const config = await loadConfig(surroundings);
  const path = await withAudit(surroundings, config, async ({ audit }) => {
    const restored = await new Trashes(config.tools.files).restore(id, options);
    audit({ action: 'trash.restored', outcome: 'success', details: { item: id, by: 'command line' } });
    return restored;
  });
  surroundings.stdout.write(`Restored ${path.replace(UNPRINTABLE, '?')}.\n`);
}

/** `fairlead trash empty` */
export async function emptyTrash(
  surroundings: Surroundings,
  options: Where & { readonly olderThan?: string; readonly yes?: true },
): Promise<void> {
  const days = daysOf(options.olderThan);
  const config = await loadConfig(surroundings);
  if (options.yes !== true) {
    const answer = await ask(surroundings, 'Remove this for good? Type yes: ', '--yes');
    if (answer.trim().toLowerCase() !== 'yes') throw new AppError('CANCELLED', 'Cancelled.');
  }
  const items = await withAudit(surroundings, config, async ({ audit }) => {
    const before = days === undefined ? Number.POSITIVE_INFINITY : Date.now() - days * DAY_MS;
    const removed = await new Trashes(config.tools.files).empty(before, options.workspace);
    audit({ action: 'trash.emptied', outcome: 'success', details: { items: removed, by: 'command line' } });
    return removed;
  });
  surroundings.stdout.write(`Removed ${counted(items, 'item')} for good.\n`);
}

function daysOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,5}(\.\d+)?$/.test(text)) return Number(text);
  throw new AppError('INVALID_ARGUMENT', `${JSON.stringify(text)} is no number of days.`, {
    next: 'fairlead trash empty --older-than 30',
  });
}
