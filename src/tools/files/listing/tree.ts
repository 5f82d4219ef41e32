import { counted, fileSize, grouped } from '../../../core/phrases.ts';
import { isPlain, joinPath, nameOf, shown, toUri } from '../workspace/virtual-path.ts';
import { Inventory } from './inventory.ts';
import { measure } from './measure.ts';
import { type Mounted, mountedIn } from './mounted.ts';
import { CLOSING_TOKENS, cursors, type ListPage, PAGE_ENTRIES } from './question.ts';
import { type FoundEntry, walk } from './walk.ts';

interface Sample {
  readonly entries: readonly FoundEntry[];
  /** Whether entries follow behind those. */
  readonly isCut: boolean;
  readonly ignored: number;
  readonly unreadable: number;
}

/** One page of a directory as an indented tree. */
export async function listTree(page: ListPage): Promise<string> {
  const inventory = page.question.include_ignored ? undefined : await takeInventory(page);
  const after = page.cursor === undefined ? undefined : cursors.read(page.question, page.cursor)[1];
  const mounted = await mountedIn(page.services, page.question.path);
  const sample = await sampleTree(page, { inventory, mounted, after });
  const sizes = await sizesOf(page, sample.entries);
  const tree = new TreeText(page.question.path);
  let last: FoundEntry | undefined;
  let told = 0;
  for (const entry of sample.entries) {
    const size = sizes.get(entry);
    if (size === undefined) continue;
    const isClosed = levelOf(entry) === page.question.depth;
    const note = noteOn(entry, size, isClosed ? inventory : undefined, mounted.get(entry.relative));
    const lines = tree.linesFor(entry, note);
    if (!page.call.budget.take(`${lines}\n`, 'code', CLOSING_TOKENS)) break;
    tree.add(entry, lines);
    last = entry;
    told++;
  }
  const isCut = sample.isCut || told < sizes.size;
  const next = isCut && last !== undefined ? cursors.write(page.question, [0, last.relative]) : undefined;
  return `${tree.text}\n[${closing({ told, sample, inventory, next, page })}]`;
}

async function takeInventory({ services, question, directory, call }: ListPage): Promise<Inventory> {
  const inventory = new Inventory(question.depth);
  await services.finder.each(directory, { includeIgnored: false, signal: call.signal }, (relative) => {
    inventory.add(relative);
    return true;
  });
  return inventory;
}

interface Sampling {
  readonly inventory: Inventory | undefined;
  readonly mounted: ReadonlyMap<string, Mounted>;
  /** Relative path that the page goes on behind. */
  readonly after: string | undefined;
}

async function sampleTree(
  { services, question, call }: ListPage,
  { inventory, mounted, after }: Sampling,
): Promise<Sample> {
  const omitted = { unwanted: 0, unreadable: 0 };
  const entries: FoundEntry[] = [];
  const tree = walk(services.sandbox, services.directories, {
    base: question.path,
    depth: question.depth,
    ...(after === undefined ? {} : { after }),
    signal: call.signal,
    wants: (entry) => mounted.has(entry.relative) || (inventory?.has(entry) ?? true),
    isClosed: (entry) => mounted.get(entry.relative)?.isClosed === true,
    onOmitted: (count, why) => (omitted[why] += count),
  });
  for await (const entry of tree) {
    if (entries.push(entry) > PAGE_ENTRIES) break;
  }
  const isCut = entries.length > PAGE_ENTRIES;
  if (isCut) entries.pop();
  return { entries, isCut, ignored: omitted.unwanted, unreadable: omitted.unreadable };
}

async function sizesOf(
  { services, question, call }: ListPage,
  entries: readonly FoundEntry[],
): Promise<Map<FoundEntry, number>> {
  const limits = { slots: services.directories, signal: call.signal };
  const measured = await measure(services.sandbox, question.path, entries, limits);
  return new Map(measured.map(({ entry, size }) => [entry, size]));
}

function levelOf(entry: FoundEntry): number {
  return entry.relative.split('/').length;
}

function noteOn(
  entry: FoundEntry,
  size: number,
  inventory: Inventory | undefined,
  mounted: Mounted | undefined,
): string {
  switch (entry.kind) {
    case 'file':
      return `  ${fileSize(size)}`;
    case 'directory':
      return `/${inParentheses(directoryWords(entry, inventory, mounted))}`;
    case 'link':
      return '  (link)';
    case 'other':
      return '  (no regular file)';
  }
}

function directoryWords(
  { relative }: FoundEntry,
  inventory: Inventory | undefined,
  mounted: Mounted | undefined,
): readonly string[] {
  const isCounted = inventory !== undefined && mounted?.isClosed !== true;
  return [...(isCounted ? [counted(inventory.filesIn(relative), 'file')] : []), ...(mounted?.words ?? [])];
}

function inParentheses(words: readonly string[]): string {
  return words.length === 0 ? '' : `  (${words.join('; ')})`;
}

/** Lines of a tree; on a later page the folders that lead to the first entry are repeated. */
class TreeText {
  text: string;
  readonly #base: string;
  #open: readonly string[] = [];

  constructor(base: string) {
    this.#base = base;
    this.text = shown(base);
  }

  linesFor(entry: FoundEntry, note: string): string {
    const names = entry.relative.split('/');
    const folders = names.slice(0, -1);
    const known = folders.findIndex((name, index) => this.#open[index] !== name);
    const lines =
      known === -1 ? [] : folders.slice(known).map((name, index) => `${indent(known + index + 1)}${name}/`);
    const path = joinPath(this.#base, entry.relative);
    const name = isPlain(nameOf(path)) ? nameOf(path) : toUri(path);
    return [...lines, `${indent(names.length)}${name}${note}`].join('\n');
  }

  add(entry: FoundEntry, lines: string): void {
    const names = entry.relative.split('/');
    this.#open = entry.kind === 'directory' ? names : names.slice(0, -1);
    this.text += `\n${lines}`;
  }
}

function indent(level: number): string {
  return '  '.repeat(level);
}

interface Closing {
  readonly told: number;
  readonly sample: Sample;
  readonly inventory: Inventory | undefined;
  readonly next: string | undefined;
  readonly page: ListPage;
}

function closing({ told, sample, inventory, next, page }: Closing): string {
  const { depth } = page.question;
  const parts = [
    told === 0 && page.cursor === undefined ? 'empty folder' : counted(told, 'entry', 'entries'),
  ];
  if (inventory !== undefined && inventory.files > 0) {
    const within = `${counted(inventory.shallowFiles, 'file')} and ${counted(inventory.directories, 'folder')}`;
    const deeper =
      inventory.files > inventory.shallowFiles ? `, ${grouped(inventory.files)} files at all levels` : '';
    parts.push(`down to depth ${depth} there are ${within}${deeper}`);
  }
  if (sample.ignored > 0) {
    parts.push(
      `${counted(sample.ignored, 'ignored or empty entry', 'ignored or empty entries')} left out, include_ignored=true shows them`,
    );
  }
  if (sample.unreadable > 0) parts.push(`${counted(sample.unreadable, 'folder')} could not be read`);
  parts.push(next === undefined ? 'end of the listing' : `next cursor="${next}"`);
  return parts.join('; ');
}
