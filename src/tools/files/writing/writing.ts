import type { Tool } from '../../../core/tool.ts';
import type { ToolFeatureContext } from '../../../core/tool-feature.ts';
import type { FileAccess } from '../access.ts';
import type { Drafts } from '../held-files.ts';
import { sweepTrash } from '../trash/trash-sweep.ts';
import { deleteFileTool } from './delete-file.ts';
import { editFileTool } from './edit-file.ts';
import { FileLocks } from './file-locks.ts';
import { FileWriter } from './file-writer.ts';
import { moveFileTool } from './move-file.ts';
import { PlacedDrafts } from './placed-drafts.ts';
import { TextWork } from './text-work.ts';
import { writeFileTool } from './write-file.ts';

export interface Writing {
  readonly tools: readonly Tool[];
  /** For tools of other kinds. */
  readonly drafts: Drafts;
  close(): void;
}

/** The tools that change the workspace's files. */
export function createWriting(
  access: FileAccess,
  { store, logger }: Pick<ToolFeatureContext, 'store' | 'logger'>,
): Writing {
  const writer = new FileWriter(new FileLocks(store));
  const work = new TextWork();
  return {
    tools: [
      writeFileTool(access, writer, work),
      editFileTool(access, writer, work),
      moveFileTool(access, writer),
      deleteFileTool(access, writer),
    ],
    drafts: new PlacedDrafts(access, writer),
    close: sweepTrash(access.options, logger),
  };
}
