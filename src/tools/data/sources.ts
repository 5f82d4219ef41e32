import { nearestName } from '../../core/arguments.ts';
import { AppError } from '../../core/errors.ts';
import type { HealthCheck } from '../../core/health.ts';
import type { Permit } from '../../core/permit.ts';
import { callText } from '../../core/phrases.ts';
import type { Logger } from '../../core/telemetry.ts';
import type { Source } from '../../core/tool-feature.ts';
import { sourceCheck } from './source-check.ts';
import type { DataSource, FilesSource, SourceKind } from './source.ts';

/** A source as it is configured: nothing is made of it before somebody asks for it. */
export interface SourceEntry<S extends DataSource = DataSource> {
  readonly name: string;
  readonly kind: SourceKind;
  /** For the agent, in the operator's words. */
  readonly description?: string | undefined;
  readonly isWritable: boolean;
  /** What one statement may take. */
  readonly timeoutMs: number;
  create(): S;
}

/** A source that was found, and what one statement of it may take. */
export interface Found {
  readonly source: DataSource;
  readonly timeoutMs: number;
}

interface Place<S extends DataSource = DataSource> {
  readonly entry: SourceEntry<S>;
  readonly source: () => S;
  close(): Promise<void>;
}

// A caller's own words are repeated to it, but never at any length.
const MAX_NAME = 100;

/** The data sources of this server, each made when it is first asked for. */
export class DataSources {
  readonly checks: readonly HealthCheck[];
  /** What `info` lists and policies name. */
  readonly listed: readonly Source[];
  readonly #places: ReadonlyMap<string, Place>;
  readonly #files: Place<FilesSource> | undefined;

  constructor(
    files: SourceEntry<FilesSource> | undefined,
    databases: readonly SourceEntry[],
    { logger, now = () => performance.now() }: { readonly logger: Logger; readonly now?: () => number },
  ) {
    this.#files = files && placeOf(files);
    const places: Place[] = [
      ...(this.#files ? [this.#files] : []),
      ...databases.map((entry) => placeOf(entry)),
    ];
    this.#places = new Map(places.map((place) => [place.entry.name, place]));
    this.checks = places.map(({ entry, source }) =>
      sourceCheck(checkName(entry.name), () => source().check(), { logger, now }),
    );
    this.listed = places.map(({ entry: { name, kind, description } }) => ({
      ...{ name, kind, check: checkName(name) },
      ...(description === undefined ? {} : { description }),
      isAllowed: (permit) => permit.allowsSource(name),
    }));
  }

  /** The engine that reads and writes files, whoever asks: what it may touch is told by the principal it works for. */
  get files(): FilesSource | undefined {
    return this.#files?.source();
  }

  canQueryFiles(permit: Permit): boolean {
    return this.#files !== undefined && permit.allowsSource(this.#files.entry.name);
  }

  /** The most that a statement of any of them may take. */
  get timeoutMs(): number {
    return Math.max(0, ...[...this.#places.values()].map(({ entry }) => entry.timeoutMs));
  }

  get isWritable(): boolean {
    return [...this.#places.values()].some(({ entry }) => entry.isWritable);
  }

  /** Names of those that exist to who holds the permit. */
  names(permit: Permit): string[] {
    return [...this.#places.keys()].filter((name) => permit.allowsSource(name));
  }

  /**
   * @param again How the caller asks again with another name.
   * @throws AppError `INVALID_ARGUMENT` that names the sources there are; one that is not allowed is none of them
   */
  find(permit: Permit, name: string, again: (name: string) => string): Found {
    const place = permit.allowsSource(name) ? this.#places.get(name) : undefined;
    if (place === undefined) throw unknownSource(name, this.names(permit), again);
    return { source: place.source(), timeoutMs: place.entry.timeoutMs };
  }

  /** @throws AppError as {@link find}; `READ_ONLY` for one that may not be changed */
  findWritable(permit: Permit, name: string, again: (name: string) => string): Found {
    const found = this.find(permit, name, again);
    if (found.source.isWritable) return found;
    const writable = this.names(permit).filter((other) => this.#places.get(other)?.entry.isWritable === true);
    const others =
      writable.length === 0 ? 'None is open for changes to you' : `Open for changes: ${writable.join(', ')}`;
    const [first] = writable;
    throw new AppError('READ_ONLY', `The source "${name}" cannot be changed. ${others}.`, {
      next: first === undefined ? callText('query_data', { source: name, sql: '…' }) : again(first),
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#places.values()].map((place) => place.close()));
  }
}

function placeOf<S extends DataSource>(entry: SourceEntry<S>): Place<S> {
  let source: S | undefined;
  return {
    entry,
    source: () => (source ??= entry.create()),
    close: async () => source?.close(),
  };
}

function checkName(name: string): string {
  return `data:${name}`;
}

function unknownSource(name: string, names: readonly string[], again: (name: string) => string): AppError {
  const available = names.length === 0 ? 'No source is open to you' : `There are: ${names.join(', ')}`;
  const given = name.slice(0, MAX_NAME);
  const meant = nearestName(given, names) ?? (names.length === 1 ? names[0] : undefined);
  return new AppError('INVALID_ARGUMENT', `There is no source ${JSON.stringify(given)}. ${available}.`, {
    next: meant === undefined ? callText('info', { section: 'sources' }) : again(meant),
  });
}
