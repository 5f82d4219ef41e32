import type { Additions } from '../../../src/app.ts';
import type { Changes } from '../../../src/core/changes.ts';
import { askingTools } from './asking-tools.ts';
import { changingTools } from './changing-tools.ts';
import { plainTools } from './plain-tools.ts';
import { prompts } from './prompts.ts';
import { resources } from './resources.ts';
import { taskTools } from './task-tools.ts';

/**
 * What the conformance suite calls, under the names and with the answers that it expects.
 *
 * @param changes of the server that offers them; asked for once a tool is called
 */
export function fixturePack(changes: () => Changes): Additions {
  return {
    tools: [...plainTools, ...askingTools, ...changingTools(changes), ...taskTools],
    resources,
    prompts,
  };
}
