import { chmod, unlink } from 'node:fs/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ResourceChange } from '../../../../../src/core/resource.ts';
import { FREQUENT, untilListed, untilTold, watchWorkspace } from '../../../../fixtures/workspace-watch.ts';

describe('several processes', () => {
  it('tell of the same change by the same version', async () => {
    const first = await watchWorkspace(
      { 'a.md': '1', 'sub/b.md': '1' },
      { paths: ['a.md', 'sub/b.md'], list: true },
    );
    const second = await first.open();
    await untilListed(first, 'probe');
    await untilTold(second);
    const [one, two] = [first.changes.length, second.changes.length];
    await first.put('a.md', 'changed');
    await unlink(first.at('sub/b.md'));
    await vi.waitFor(() => {
      expect(first.changes.length).toBeGreaterThanOrEqual(one + 3);
      expect(second.changes.length).toBeGreaterThanOrEqual(two + 3);
    }, FREQUENT);
    const byKey = (changes: readonly ResourceChange[]) => changes.map((one) => JSON.stringify(one)).sort();
    expect(byKey(second.changes.slice(two))).toEqual(byKey(first.changes.slice(one)));
  });
});

describe('the bounds of a watch', () => {
  it('leave the followed files where there are more folders than may be watched, and warn once', async () => {
    const tree = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`d${index}/f`, '1']));
    const { put, telemetry, updates, listings, follow } = await watchWorkspace(
      tree,
      { paths: ['d3/f'], list: true },
      { maxDirectories: 5 },
    );
    await vi.waitFor(() => {
      expect(telemetry.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    }, FREQUENT);
    expect(telemetry.lines[0]?.message).toContain('tools.files.watch.maxDirectories');
    const before = updates('d3/f').length;
    await put('d3/f', 'changed');
    await vi.waitFor(() => {
      expect(updates('d3/f')).toHaveLength(before + 1);
    }, FREQUENT);
    follow({ paths: ['d3/f', 'd4/f'], list: true });
    await put('new', '');
    await put('d4/f', 'changed');
    await vi.waitFor(() => {
      expect(updates('d4/f')).toHaveLength(1);
    }, FREQUENT);
    expect(listings()).toEqual([]);
    expect(telemetry.lines).toHaveLength(1);
  });

  it('look for changes at intervals where the system tells nothing', async () => {
    const { put, updates, follow } = await watchWorkspace(
      { 'a/b/c/d.md': '1' },
      { paths: ['a/b/c/d.md'] },
      { maxDirectories: 1, pollMs: 100 },
    );
    await put('a/b/c/d.md', 'two');
    await vi.waitFor(() => {
      expect(updates('a/b/c/d.md')).toHaveLength(1);
    }, FREQUENT);
    await put('a/b/c/d.md', 'three');
    await vi.waitFor(() => {
      expect(updates('a/b/c/d.md')).toHaveLength(2);
    }, FREQUENT);
    follow({});
  });

  it('end with it: nothing is told after it is closed', async () => {
    const { put, updates, close, open } = await watchWorkspace(
      { 'a.md': '1' },
      { paths: ['a.md'], list: true },
    );
    const other = await open();
    await close();
    await close();
    await put('a.md', 'two');
    await vi.waitFor(() => {
      expect(other.updates('a.md')).toHaveLength(1);
    }, FREQUENT);
    expect(updates('a.md')).toEqual([]);
  });

  it('are not crossed by a folder that may not be read', async () => {
    const watching = await watchWorkspace({ 'a.md': '1', 'shut/b.md': '1' }, { list: true });
    await chmod(watching.at('shut'), 0o000);
    onTestFinished(() => chmod(watching.at('shut'), 0o700));
    expect(await untilListed(watching, 'probe')).toBeGreaterThan(0);
  });
});
