import type { Principal } from '../../../core/principal.ts';
import type { Draft, DraftOptions } from '../../../core/workspace-files.ts';
import type { FileAccess } from '../access.ts';
import type { Drafts } from '../held-files.ts';
import { type Place, Places } from '../workspace/places.ts';
import { versionOf } from '../workspace/version.ts';
import { virtualPath } from '../workspace/virtual-path.ts';
import { type DraftFile, type Replaces, staleFile } from './draft-file.ts';
import type { FileWriter } from './file-writer.ts';
import { alreadyExists } from './placing.ts';

/** What a commit may wait for others, and they for it. */
const COMMIT_MS = 30_000;

/** Files that tools of other kinds write, as long as that takes them. */
export class PlacedDrafts implements Drafts {
  readonly #access: FileAccess;
  readonly #writer: FileWriter;

  constructor(access: FileAccess, writer: FileWriter) {
    this.#access = access;
    this.#writer = writer;
  }

  async draft(
    reader: Pick<Principal, 'permit' | 'subject'>,
    spelling: string,
    options: DraftOptions,
  ): Promise<Draft> {
    const path = virtualPath(spelling);
    const places = new Places(this.#access.seenBy(reader).sandbox);
    const { draft, place } = await this.#writer.begin(places, path);
    try {
      const replaces = replacedBy(place, options);
      return {
        ...{ path, handle: draft.handle },
        commit: async () => ({ path, ...(await this.#commit(draft, place, replaces)) }),
        discard: () => draft.discard(),
      };
    } catch (error) {
      await draft.discard();
      throw error;
    }
  }

  #commit(draft: DraftFile, place: Place, replaces: Replaces) {
    const { locks } = this.#writer;
    const signal = AbortSignal.timeout(COMMIT_MS);
    return locks
      .hold(place.root, place.realPath, signal, (lock) => draft.commit(replaces, lock))
      .catch(async (error: unknown) => {
        await draft.discard();
        throw error;
      });
  }
}

/** Looked at before the work, which may be long, and held to after it. */
function replacedBy({ path, stats }: Place, { ifExists, expectedVersion }: DraftOptions): Replaces {
  if (stats === undefined) {
    if (expectedVersion !== undefined) throw staleFile(path, undefined);
    return ifExists === 'overwrite' ? 'anything' : 'nothing';
  }
  const version = versionOf(stats);
  if (ifExists === 'fail') throw alreadyExists(path);
  if (expectedVersion === undefined) return 'anything';
  if (expectedVersion !== version) throw staleFile(path, version);
  return { version };
}
