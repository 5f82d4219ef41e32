import { AppError } from '../../core/errors.ts';
import { callText } from '../../core/phrases.ts';
import type { Principal } from '../../core/principal.ts';
import type {
  Draft,
  DraftOptions,
  HeldFile,
  SheetOrder,
  WorkspaceFiles,
} from '../../core/workspace-files.ts';
import type { FileAccess } from './access.ts';
import { positionOf } from './listing/position.ts';
import type { FileServices } from './services.ts';
import { versionAt } from './workspace/version.ts';
import { joinPath, shown, virtualPath } from './workspace/virtual-path.ts';

type Reader = Pick<Principal, 'permit' | 'subject'>;

/** How files come into being, for tools of other kinds. */
export type Drafts = Pick<WorkspaceFiles, 'draft'>;

interface Question {
  readonly services: FileServices;
  readonly limit: number;
  readonly signal: AbortSignal;
}

interface Found {
  readonly paths: readonly string[];
  readonly more: boolean;
}

// Names are gathered before they are sorted: as many as a listing takes.
const MAX_FOUND = 200_000;
const GLOB = /[*?[\]{}!]/;

/** The files of the workspaces, for tools of other kinds. */
export class HeldFiles implements WorkspaceFiles {
  readonly #access: FileAccess;
  readonly #drafts: Drafts;

  constructor(access: FileAccess, drafts: Drafts) {
    this.#access = access;
    this.#drafts = drafts;
  }

  async open(
    reader: Reader,
    spelling: string,
    again: (path: string) => string,
    signal: AbortSignal,
  ): Promise<HeldFile> {
    const path = virtualPath(spelling);
    const file = await this.#access.seenBy(reader).lookup.openFile(path, again, signal);
    try {
      const version = await versionAt(file.handle);
      return { path, handle: file.handle, size: file.stats.size, version, close: () => file.close() };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async find(reader: Reader, spelling: string, limit: number, signal: AbortSignal): Promise<Found> {
    const pattern = virtualPath(spelling);
    const question = { services: this.#access.seenBy(reader), limit, signal };
    // A name may hold what means something in a glob: what exists is taken as it stands.
    return (await literally(question, pattern)) ?? (await matching(question, pattern));
  }

  writeSheet(reader: Reader, file: HeldFile, order: SheetOrder, signal: AbortSignal): Promise<void> {
    const { path, handle, size } = file;
    const { sheet, target } = order;
    const question = { format: 'sheet', descriptor: handle.fd, size, sheet, target: target.fd } as const;
    return this.#access.seenBy(reader).tables.writeSheet(path, question, { subject: reader.subject, signal });
  }

  draft(reader: Reader, path: string, options: DraftOptions): Promise<Draft> {
    return this.#drafts.draft(reader, path, options);
  }
}

/** The file, or the files of the folder, that have this path; undefined where only a glob can be meant. */
async function literally({ services, limit, signal }: Question, path: string): Promise<Found | undefined> {
  const again = (other: string): string => callText('list_files', { path: shown(other) });
  const isGlob = GLOB.test(path);
  try {
    const entry = isGlob
      ? await services.sandbox.open(path)
      : await services.lookup.open(path, again, signal);
    await entry.close();
    if (entry.kind === 'file') return { paths: [path], more: false };
    return page(path, await below({ services, limit, signal }, path, undefined), limit);
  } catch (error) {
    if (isGlob && isNothing(error)) return undefined;
    throw error;
  }
}

/** Files that a glob matches; of a folder that does not exist none do. */
async function matching(question: Question, pattern: string): Promise<Found> {
  const segments = pattern.split('/').slice(1);
  const fixed = segments.findIndex((segment) => GLOB.test(segment));
  const folder = `/${segments.slice(0, fixed).join('/')}`;
  const glob = `/${segments.slice(fixed).join('/')}`;
  try {
    // To ripgrep a glob outweighs the ignore files; here it is to narrow what there is, never to widen it.
    const [matched, visible] = await Promise.all([
      below(question, folder, glob),
      below(question, folder, undefined),
    ]);
    return page(folder, new Set([...matched].filter((relative) => visible.has(relative))), question.limit);
  } catch (error) {
    if (isNothing(error)) return { paths: [], more: false };
    throw error;
  }
}

async function below(
  { services, signal }: Question,
  folder: string,
  glob: string | undefined,
): Promise<ReadonlySet<string>> {
  const directory = await services.sandbox.open(folder);
  const found = new Set<string>();
  try {
    if (directory.kind !== 'directory') return found;
    const search = { includeIgnored: false, signal, ...(glob === undefined ? {} : { glob }) };
    await services.finder.each(directory, search, (relative) => found.add(relative).size < MAX_FOUND);
    return found;
  } finally {
    await directory.close();
  }
}

function page(folder: string, found: ReadonlySet<string>, limit: number): Found {
  const sorted = Array.from(found, (relative) => ({ relative, position: positionOf(relative) }));
  sorted.sort((a, b) => (a.position < b.position ? -1 : 1));
  const paths = sorted.slice(0, limit).map(({ relative }) => joinPath(folder, relative));
  return { paths, more: found.size > limit };
}

function isNothing(error: unknown): boolean {
  return error instanceof AppError && error.code === 'PATH_NOT_FOUND';
}
