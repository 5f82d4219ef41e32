import { SUPPORTED_PROTOCOL_VERSIONS as VERSIONS_OF_V2 } from '@modelcontextprotocol/client';
import { SUPPORTED_PROTOCOL_VERSIONS as VERSIONS_OF_V1 } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { elicit, sample } from './asking.ts';
import { call, cancel, progress } from './calls.ts';
import { listChanged, resourceUpdate } from './changes.ts';
import { CLIENTS, MODERN } from './clients.ts';
import { resume } from './resuming.ts';
import { type Cell, type Form, openStage, type Stage } from './stage.ts';

const FORMS: readonly Form[] = ['JSON', 'SSE'];

/** What each feature has to show, whichever the client and the form. */
const FEATURES: Readonly<Record<string, (cell: Cell) => Promise<void>>> = {
  call,
  progress,
  cancel,
  elicit,
  sample,
  'list changed': listChanged,
  'resource update': resourceUpdate,
  'resume after a cut': resume,
};

/** Never published: what the first SDKs took for their own. */
const UNPUBLISHED = '2024-10-07';

const cells = FORMS.flatMap((form) =>
  Object.entries(FEATURES).map(([feature, show]) => ({ form, feature, show })),
);
const shown = new Set<string>();

describe.each(CLIENTS)('a client of SDK $sdk at revision $revision', (row) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(row);
  });
  // Also where a cell has failed in the midst of a cut.
  afterEach(() => {
    stage.able.proxy.mend();
  });
  afterAll(() => stage.close());

  it('speaks that revision', () => {
    expect(stage.able.client.revision()).toBe(row.revision);
    expect(stage.unable.client.revision()).toBe(row.revision);
  });

  it.each(cells)('$feature, $form', async ({ form, feature, show }) => {
    await show({ stage, form, key: `${feature} ${form}` });
    shown.add(`${row.sdk} ${row.revision} ${form} ${feature}`);
  });
});

describe('the matrix', () => {
  it('has every revision that the clients speak', () => {
    const rows = CLIENTS.map(({ sdk, revision }) => `${sdk} ${revision}`).sort();
    const spoken = [
      ...VERSIONS_OF_V1.map((revision) => `v1 ${revision}`),
      ...[MODERN, ...VERSIONS_OF_V2].map((revision) => `v2 ${revision}`),
    ];
    expect(rows).toEqual(spoken.filter((row) => !row.endsWith(UNPUBLISHED)).sort());
  });

  it('has every cell', () => {
    expect(shown.size).toBe(CLIENTS.length * FORMS.length * Object.keys(FEATURES).length);
  });
});
