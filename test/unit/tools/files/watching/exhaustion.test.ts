import { EventEmitter } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ResourceChange } from '../../../../../src/core/resource.ts';
import { createFileServices } from '../../../../../src/tools/files/services.ts';
import type { WatchDirectory } from '../../../../../src/tools/files/watching/directory-watches.ts';
import { Warnings } from '../../../../../src/tools/files/watching/warnings.ts';
import { WorkspaceWatch } from '../../../../../src/tools/files/watching/workspace-watch.ts';
import { toolsOptions } from '../../../../../src/tools/options.ts';
import { makeFolder } from '../../../../fixtures/file-tools.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';
import { openToolsContext } from '../../../../fixtures/tools-context.ts';
import { FREQUENT } from '../../../../fixtures/workspace-watch.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: no more`), { code });
}

/** A watch of `/d/a.md` and the list, on a system with as many watches as `watchDirectory` gives. */
async function setUp(watchDirectory: WatchDirectory) {
  const workspace = await makeFolder({ 'd/a.md': '1', 'b.md': '1' });
  const { files } = toolsOptions.parse({ files: { workspace } });
  const { logger, lines } = recordTelemetry();
  const changes: ResourceChange[] = [];
  const context = await openToolsContext({ logger });
  const watching = new WorkspaceWatch(createFileServices(files, context), {
    pathOf: (uri) => uri,
    report: (change) => changes.push(change),
    warnings: new Warnings(logger),
    watchDirectory,
    lookAroundMs: 100,
  });
  onTestFinished(async () => {
    await watching.close();
    await context.release();
  });
  const interest = { uris: new Set(['/d/a.md']), list: true };
  watching.follow(interest);
  return { watching, interest, changes, lines, file: join(workspace, 'd/a.md') };
}

describe('a system without watches to give', () => {
  it.each(['ENOSPC', 'EMFILE'])('is worked around after %s: followed files are looked at', async (code) => {
    const { watching, interest, changes, lines, file } = await setUp(() => {
      throw systemError(code);
    });
    await vi.waitFor(() => {
      expect(lines).toMatchObject([{ level: 'warn', fields: { err: { code } } }]);
    }, FREQUENT);
    watching.follow({ ...interest, uris: new Set(['/d/a.md', '/b.md']) });
    const before = changes.length;
    await writeFile(file, 'changed');
    await vi.waitFor(() => {
      expect(changes.slice(before)).toMatchObject([{ kind: 'updated', uri: '/d/a.md' }]);
    }, FREQUENT);
    expect(lines).toHaveLength(1);
  });

  it('may also turn out to be so later on', async () => {
    const given: EventEmitter[] = [];
    const { lines, changes, file } = await setUp(() => {
      const watcher = Object.assign(new EventEmitter(), { close: vi.fn() });
      given.push(watcher);
      return watcher as unknown as ReturnType<WatchDirectory>;
    });
    await vi.waitFor(() => {
      expect(given).toHaveLength(2);
    }, FREQUENT);
    given[1]?.emit('error', systemError('ENOSPC'));
    expect(lines).toMatchObject([{ level: 'warn' }]);
    const before = changes.length;
    await writeFile(file, 'changed');
    await vi.waitFor(() => {
      expect(changes.slice(before)).toMatchObject([{ kind: 'updated', uri: '/d/a.md' }]);
    }, FREQUENT);
  });

  it('need not tell everything: from time to time everything is looked at', async () => {
    let watched = 0;
    const { changes, file } = await setUp(() => {
      watched++;
      return Object.assign(new EventEmitter(), { close: vi.fn() }) as unknown as ReturnType<WatchDirectory>;
    });
    await vi.waitFor(() => {
      expect(watched).toBe(2);
    }, FREQUENT);
    // What has just been made may be told of as well, so one round of changes after the other has to be seen.
    for (const round of ['first', 'second', 'third']) {
      const before = changes.length;
      await writeFile(file, `changed in the ${round} round`);
      await writeFile(`${file}.${round}`, '');
      await vi.waitFor(() => {
        const kinds = changes.slice(before).map(({ kind }) => kind);
        expect(kinds).toEqual(expect.arrayContaining(['listed', 'updated']));
      }, FREQUENT);
    }
  });

  it('is not worn out by a folder in which very much happens: that is looked at now and then', async () => {
    const told: ((kind: string, name: Buffer) => void)[] = [];
    const close = vi.fn();
    const { changes, file } = await setUp((_at, onEvent) => {
      told.push(onEvent);
      return Object.assign(new EventEmitter(), { close }) as unknown as ReturnType<WatchDirectory>;
    });
    await vi.waitFor(() => {
      expect(told).toHaveLength(2);
    }, FREQUENT);
    const [, busy] = told;
    while (close.mock.calls.length === 0) busy?.('rename', Buffer.from('other'));
    const before = changes.length;
    await writeFile(file, 'changed');
    await vi.waitFor(() => {
      expect(changes.slice(before)).toContainEqual(expect.objectContaining({ uri: '/d/a.md' }));
      expect(told.length).toBeGreaterThan(2);
    }, FREQUENT);
  });

  it('does not matter to a folder that only it may not watch', async () => {
    const { lines, changes, file } = await setUp(() => {
      throw systemError('EACCES');
    });
    let writes = 0;
    // Nothing says when the first look is over, so there is something to see after it as well.
    await vi.waitFor(
      async () => {
        await writeFile(file, `changed ${++writes} times`);
        expect(changes).toContainEqual(expect.objectContaining({ kind: 'updated', uri: '/d/a.md' }));
      },
      { ...FREQUENT, interval: 300 },
    );
    expect(lines).toEqual([]);
  });
});
