import { expect, it } from 'vitest';
import type { WorkspaceFiles } from '../../../../../src/core/workspace-files.ts';
import { listFiles } from '../../../../../src/tools/data/duckdb/catalogue.ts';
import { asking } from '../../../../fixtures/data-source.ts';

it('files that there is no time to look into are told by name', async () => {
  const paths = ['/a.csv', '/b.csv', '/notes.md'];
  const files = {
    find: () => Promise.resolve({ paths, more: false }),
    open: () => Promise.resolve({ size: 3, close: () => Promise.resolve() }),
  } as unknown as WorkspaceFiles; // the two methods that listing uses
  const select = () => Promise.reject(new Error('Nothing is asked of the engine'));
  const question = { detail: 'full', limit: 200 } as const;
  const { tables, more } = await listFiles(files, asking({ timeoutMs: 0 }), question, select);
  expect(tables.map(({ name, columns }) => [name, columns])).toEqual([
    ["'/a.csv'", []],
    ["'/b.csv'", []],
  ]);
  expect(more).toBe(false);
});
