import { join } from 'node:path';
import type { ToolCall } from '../../core/tool.ts';
import type { ToolFeatureContext } from '../../core/tool-feature.ts';
import { FileFinder } from './listing/find-files.ts';
import type { FilesOptions } from './options.ts';
import { LineIndexes } from './reading/line-index.ts';
import { TableReader } from './reading/table-reader.ts';
import { Ripgrep } from './ripgrep.ts';
import { Slots } from '../../core/slots.ts';
import { rootsFor } from './served-workspaces.ts';
import { Lookup } from './suggest.ts';
import { DenyList } from './workspace/deny-list.ts';
import { Mounts } from './workspace/mounts.ts';
import { Sandbox } from './workspace/sandbox.ts';
import { TopFolder } from './workspace/top-folder.ts';

/** What the file tools share. */
export interface FileServices {
  readonly options: FilesOptions;
  readonly sandbox: Sandbox;
  readonly lookup: Lookup;
  readonly ripgrep: Ripgrep;
  readonly finder: FileFinder;
  readonly indexes: LineIndexes;
  readonly tables: TableReader;
  /** Bounds the directories that are open at the same time. */
  readonly directories: Slots;
}

/** What looking at files needs of a call. */
export type Look = Pick<ToolCall, 'principal' | 'signal' | 'budget'>;

const OPEN_DIRECTORIES = 32;

/** The folder above several workspaces is made in the data folder when it is first needed. */
export function createFileServices(
  options: FilesOptions,
  { dataDir, processes }: Pick<ToolFeatureContext, 'dataDir' | 'processes'>,
): FileServices {
  const deny = new DenyList(options.deny);
  const sandbox = new Sandbox({
    mounts: new Mounts(rootsFor(options, deny)),
    deny,
    top: new TopFolder(join(dataDir, 'workspaces')),
  });
  const ripgrep = new Ripgrep(processes, new Slots(options.maxProcesses));
  const finder = new FileFinder(ripgrep, sandbox);
  return {
    ...{ options, sandbox, ripgrep, finder },
    lookup: new Lookup(sandbox, finder),
    indexes: new LineIndexes(),
    tables: new TableReader(),
    directories: new Slots(OPEN_DIRECTORIES),
  };
}
