import type { FileFinder } from './listing/find-files.ts';
import type { FilesOptions } from './options.ts';
import type { Ripgrep } from './ripgrep.ts';
import type { Slots } from './slots.ts';
import type { Lookup } from './suggest.ts';
import type { Sandbox } from './workspace/sandbox.ts';

/** What the file tools share. */
export interface FileServices {
  readonly options: FilesOptions;
  readonly sandbox: Sandbox;
  readonly lookup: Lookup;
  readonly ripgrep: Ripgrep;
  readonly finder: FileFinder;
  /** Bounds the directories that are open at the same time. */
  readonly directories: Slots;
}
