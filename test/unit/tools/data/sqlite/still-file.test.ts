import { symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { DataSource } from '../../../../../src/tools/data/source.ts';
import { ask, asking, failureOf, statement } from '../../../../fixtures/data-source.ts';
import { sqliteBench } from '../../../../fixtures/sqlite-bench.ts';

const bench = sqliteBench('');

describe('in WAL mode, in a folder that cannot be written to', () => {
  /** A link that leads nowhere keeps SQLite from making a file, whoever runs it. */
  async function unwritable(name: string): Promise<{ readonly path: string; readonly one: DataSource }> {
    const path = join(bench.folder, name);
    const database = new DatabaseSync(path);
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)');
    database.close();
    await symlink('/nowhere/file', `${path}-shm`);
    return { path, one: bench.open({ path, writable: true }) };
  }

  test('a file that nobody writes to is read as it is', async () => {
    const { one } = await unwritable('still.sqlite');
    expect((await ask(one, 'SELECT * FROM t')).rows).toEqual([[1], [2]]);
    const { tables } = await one.catalogue(asking(), { detail: 'columns', limit: 10 });
    expect(tables).toMatchObject([{ name: 't', columns: [{ name: 'a' }] }]);
    const change = { ...statement('DELETE FROM t'), dryRun: false, maxAffected: 5 };
    expect((await failureOf(Promise.resolve(one.modify?.(asking(), change)))).message).toBe(
      'The source shop is not available: its file or its folder cannot be written to.',
    );
  });

  test('what is read while somebody writes is not told', async () => {
    const { path, one } = await unwritable('written.sqlite');
    const sql = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n, t';
    const { batches } = await one.stream(asking(), statement(sql));
    const taken = (async () => {
      for await (const rows of batches) {
        expect(rows).not.toEqual([]);
        await utimes(path, 1, 1);
      }
    })();
    expect((await failureOf(taken)).code).toBe('BUSY');
  });

  test('changes that are not in the file yet make it unavailable', async () => {
    const { path, one } = await unwritable('late.sqlite');
    await writeFile(`${path}-wal`, 'changes');
    expect(await failureOf(ask(one, 'SELECT * FROM t'))).toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: 'The source shop is not available: its file or its folder cannot be written to.',
    });
  });
});
