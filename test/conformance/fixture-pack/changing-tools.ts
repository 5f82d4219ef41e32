import type { Changes } from '../../../src/core/changes.ts';
import { text } from '../../../src/core/content.ts';
import type { Tool } from '../../../src/core/tool.ts';
import { fixture } from './fixture.ts';

/** Tools that say that a list has changed. */
export function changingTools(changes: () => Changes): readonly Tool[] {
  const saying = (name: string, say: () => Promise<void>): Tool =>
    fixture(name, async () => {
      await say();
      return { content: [text('Told.')] };
    });
  return [
    saying('test_trigger_tool_change', () => changes().toolsChanged()),
    saying('test_trigger_prompt_change', () => changes().promptsChanged()),
  ];
}
