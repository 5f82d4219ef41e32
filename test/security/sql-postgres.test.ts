import { expect, test } from 'vitest';
import { ask, asking, statement } from '../fixtures/data-source.ts';
import { startPostgres } from '../fixtures/postgres-server.ts';
import { describeRefusals } from '../fixtures/refused-statements.ts';
import { type DatabaseServer, serverBench } from '../fixtures/server-source.ts';

const SHOP = `
    CREATE TABLE t (a int, b text);
    INSERT INTO t VALUES (1, 'one'), (2, 'two');
    CREATE SEQUENCE s;
    CREATE VIEW v AS SELECT * FROM t;
    CREATE RULE also AS ON INSERT TO v DO INSTEAD (INSERT INTO t VALUES (new.a, new.b); DELETE FROM t WHERE a = 0);
    CREATE FUNCTION writes() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN DELETE FROM t; RETURN 1; END $$;
    CREATE FUNCTION commits() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COMMIT; DELETE FROM t; RETURN 1; END $$;
    CREATE FUNCTION unlocks() RETURNS int LANGUAGE plpgsql AS $$ BEGIN
      SET LOCAL transaction_read_only = off; DELETE FROM t; RETURN 1; END $$;
    CREATE FUNCTION harmless(a text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT a';
    CREATE PROCEDURE proc() LANGUAGE sql AS 'DELETE FROM t';
  `;

/** The owner of the tables may do anything with them: nothing but the transaction holds it back. */
const asOwnerOf = (server: DatabaseServer): string => server.url('owner', 'owner', 'shop');

const bench = serverBench({
  start: startPostgres,
  fill: async (server) => {
    await server.run("CREATE ROLE owner LOGIN PASSWORD 'owner'");
    await server.run('CREATE DATABASE shop OWNER owner');
    await asOwner(SHOP, server);
  },
  url: asOwnerOf,
  writeUrl: asOwnerOf,
  options: { name: 'shop', kind: 'postgres', maxConnections: 1 },
});

async function asOwner(sql: string, server = bench.server): Promise<unknown[][]> {
  const { Client } = await import('pg');
  const client = new Client({ connectionString: asOwnerOf(server) });
  await client.connect();
  try {
    const result: unknown = await client.query({ text: sql, rowMode: 'array' });
    return ((Array.isArray(result) ? result.at(-1) : result) as { rows: unknown[][] }).rows;
  } finally {
    await client.end();
  }
}

/** All rows, everything there is in the catalogue, the sequence, who may what, large objects and slots. */
function fingerprint(): Promise<unknown[][]> {
  return asOwner(`
    SELECT (SELECT json_agg(t ORDER BY a) FROM t), (SELECT last_value || is_called::text FROM s),
      (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_proc), (SELECT count(*) FROM pg_roles),
      (SELECT count(*) FROM pg_largeobject_metadata), (SELECT count(*) FROM pg_replication_slots),
      (SELECT json_agg(rolconfig) FROM pg_roles), (SELECT json_agg(setconfig) FROM pg_db_role_setting),
      (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'), (SELECT count(*) FROM pg_prepared_xacts)`);
}

/** What the one connection of the source is set to, seen by an ordinary statement. */
async function connectionState(): Promise<unknown> {
  const { rows } = await ask(
    bench.source,
    `SELECT current_user, session_user, current_setting('transaction_read_only'),
       current_setting('default_transaction_read_only'), current_setting('search_path'), current_setting('work_mem'),
       current_setting('role'), (SELECT count(*) FROM pg_prepared_statements), (SELECT count(*) FROM pg_cursors),
       (SELECT count(*) FROM pg_listening_channels()), current_setting('fairlead.mark', true)`,
  );
  return rows;
}

/** What the connection is set to when nobody has attacked it. */
const CLEAN = [['owner', 'owner', 'on', 'off', '"$user", public', '4MB', 'none', 0, 1, 0, null]];

const REFUSED: readonly (readonly [string, string])[] = [
  ...[
    "INSERT INTO t VALUES (3, 'x')",
    'UPDATE t SET a = 0',
    'DELETE FROM t',
    'TRUNCATE t',
    'DROP TABLE t',
    'CREATE TABLE u (a int)',
    'CREATE TEMP TABLE u (a int)',
    'ALTER TABLE t ADD c int',
    'GRANT ALL ON t TO PUBLIC',
    "COPY t TO PROGRAM 'touch /tmp/x'",
    "COPY t TO '/tmp/x'",
    'COPY (SELECT 1) TO STDOUT',
    'COMMIT',
    'COMMIT; DELETE FROM t',
    'ROLLBACK; DELETE FROM t',
    'END; DELETE FROM t; BEGIN',
    'SELECT 1; DELETE FROM t',
    "SELECT ';'; DELETE FROM t",
    'SELECT $$;$$; DELETE FROM t',
    "SELECT E'\\';'; DELETE FROM t",
    'SET default_transaction_read_only = off',
    'SET SESSION AUTHORIZATION postgres',
    'SET ROLE postgres',
    'RESET ALL',
    'DO $$ BEGIN DELETE FROM t; END $$',
    'CALL proc()',
    'EXECUTE p',
    'PREPARE p AS DELETE FROM t',
    'DECLARE x CURSOR WITH HOLD FOR SELECT 1',
    'LISTEN x',
    'NOTIFY x',
    'LOCK t',
    'VACUUM t',
    'EXPLAIN ANALYZE DELETE FROM t',
    'SHOW ALL',
    'CREATE EXTENSION dblink',
    "LOAD 'x'",
    "SELECT set_config('transaction_read_only', 'off', true)",
    "SELECT pg_catalog.set_config('statement_timeout', '0', false)",
    "SELECT \"set_config\"('role', 'postgres', false)",
    "SELECT set_config -- x\r('fairlead.mark', 'x', false)",
    "SELECT set_config /* /* */ */ ('fairlead.mark', 'x', false)",
    "SELECT 😀$$, set_config('fairlead.mark', 'x', false) AS x$$ FROM (SELECT 1 AS 😀$$) y",
    "SELECT $a$ $A$ $a$, set_config('fairlead.mark', 'x', false) --",
    "SELECT U&\"\\0073et_config\"('fairlead.mark', 'x', false)",
    "SELECT query_to_xml('SELECT set_con' || 'fig(''fairlead.mark'', ''x'', false)', true, true, '')",
    "SELECT * FROM ts_stat('SELECT set_con' || 'fig(''a.b'', ''x'', false)::tsvector')",
    "SELECT E'a'\n'\\' || ', set_config('fairlead.mark', 'x', false) --'",
    "SELECT E'a' -- b\r'\\' || ', set_config('fairlead.mark', 'x', false) --'",
    'SELECT (7::bigint).pg_advisory_lock',
    'SELECT (3600::float8)."pg_sleep"',
    'SELECT x . pg_sleep FROM unnest(ARRAY[3600::float8]) x',
    'SELECT (0::oid).lo_create',
    'SELECT pg_advisory_lock(1)',
    'SELECT pg_try_advisory_lock_shared(1, 2)',
    'SELECT 1 LIMIT pg_advisory_lock(1)::text::int',
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity',
    'SELECT pg_cancel_backend(1)',
    "SELECT pg_notify('x', 'y')",
    "SELECT pg_logical_emit_message(false, 'x', 'y')",
    'SELECT pg_sleep(3600)',
    "SELECT lo_import('/etc/passwd')",
    'SELECT lo_create(0)',
    "SELECT lo_export(1, '/tmp/x')",
    "SELECT lo_from_bytea(0, 'x')",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT pg_read_binary_file('PG_VERSION')",
    "SELECT pg_ls_dir('.')",
    "SELECT dblink('host=127.0.0.1', 'DELETE FROM t')",
    'SELECT pg_reload_conf()',
    "SELECT pg_create_restore_point('x')",
    "SELECT pg_create_physical_replication_slot('x')",
    'SELECT pg_export_snapshot()',
    'SELECT pg_stat_reset()',
    "SELECT nextval('s')",
    "SELECT setval('s', 100)",
    'SELECT writes()',
    'SELECT * FROM t WHERE writes() = 1',
    'SELECT * FROM t FOR UPDATE',
    'SELECT * FROM t FOR SHARE',
    'TABLE t FOR UPDATE',
    'SELECT a FROM t WHERE a IN (SELECT a FROM t FOR NO KEY UPDATE)',
    'SELECT setseed(0.5)',
    'SELECT * FROM ROWS FROM (pg_sleep(3600)) x',
    'SELECT * FROM t, LATERAL pg_sleep(a)',
    "SELECT pg_file_write('x', 'y', false)",
    'SELECT pg_advisory_xact_lock(1)',
    "SELECT lo_put(1, 0, 'x')",
    'SELECT pg_ls_waldir()',
    'SELECT pg_wal_replay_pause()',
    'MERGE INTO t USING (SELECT 1 AS a) s ON s.a = t.a WHEN MATCHED THEN DELETE',
    "PREPARE TRANSACTION 'x'",
    'FETCH ALL FROM fairlead_cursor',
    'DISCARD ALL',
    'REFRESH MATERIALIZED VIEW v',
    "COMMENT ON TABLE t IS 'x'",
    'ANALYZE t',
    'CHECKPOINT',
  ].map((sql) => [sql, 'SQL_NOT_READ_ONLY'] as const),
  ...[
    'WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x',
    "WITH x AS (INSERT INTO t VALUES (3, 'x') RETURNING *) TABLE x",
    'WITH x AS (SELECT 1) DELETE FROM t',
    'SELECT 1 INTO u',
    'SELECT * INTO TEMP u FROM t',
    'SELECT commits()',
    'SELECT unlocks()',
    '(DELETE FROM t)',
    'VALUES (1) RETURNING 1',
    'SELECT * FROM pg_authid',
    "SELECT pg_stat_file('/etc/passwd')",
    'SELECT * FROM pg_hba_file_rules',
    'SELECT * FROM harmless(1, 2)',
    'SELECT * FROM pg_shadow',
    "SELECT current_setting('data_directory')",
    "SELECT currval('s')",
    'SELECT pg_nextoid(1, 2, 3)',
    'SELECT $1 || set_config',
    'SELECT 1 FROM t WHERE CURRENT OF fairlead_cursor',
  ].map((sql) => [sql, 'SQL_NOT_READ_ONLY|SQL_ERROR'] as const),
  ...[
    "SELECT repeat('x', 66000000)",
    "SELECT repeat('x', 1200000000)",
    "SELECT ARRAY[repeat('x', 9000000)]",
  ].map((sql) => [sql, 'MEMORY_LIMIT'] as const),
  ...[
    'SELECT count(*) FROM generate_series(1, 1000000000000::bigint)',
    'SELECT count(*) FROM pg_attribute a, pg_attribute b, pg_attribute c',
    'SELECT sum(length(repeat(i::text, 100000))) FROM generate_series(1, 10000000) i',
    'WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i::bigint) FROM r',
  ].map((sql) => [sql, 'TIMEOUT'] as const),
];

describeRefusals({
  source: () => bench.source,
  refused: REFUSED,
  changes: [
    'DROP TABLE t',
    'TRUNCATE t',
    'SELECT 1',
    'SELECT writes()',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x',
    'WITH x AS (DELETE FROM t RETURNING *) INSERT INTO t SELECT * FROM x',
    'DELETE FROM t; DELETE FROM t',
    'DELETE FROM t; COMMIT',
    "INSERT INTO v VALUES (4, 'x')",
    'COPY t FROM STDIN',
    'CALL proc()',
    'EXPLAIN ANALYZE DELETE FROM t',
    "DELETE FROM t WHERE pg_notify('a', 'b') IS NULL",
    "UPDATE t SET b = set_config('fairlead.mark', 'x', false)",
    'UPDATE t SET a = pg_advisory_lock(1)::text::int',
    'DELETE FROM t WHERE commits() = 1',
    "UPDATE pg_settings SET setting = 'x' WHERE name = 'fairlead.mark'",
    'DELETE FROM pg_class',
    "UPDATE pg_proc SET proname = 'x'",
    "INSERT INTO t VALUES (1, 'x') ON CONFLICT DO NOTHING RETURNING setseed(0.5)",
    'UPDATE t SET a = 0 FROM pg_sleep(3600)',
  ],
  taken: [
    "SELECT 'set_config(' || b FROM t",
    'SELECT count(*) AS pg_sleep FROM t',
    "SELECT $x$ pg_notify('a', 'b') $x$",
    'SELECT 1 -- pg_sleep(1)',
    "SELECT E'it''s\\'' -- a\n 'pg_sleep(', t.a FROM t",
    'SELECT x.lo_price, (SELECT count(*) FROM pg_catalog.pg_replication_slots) FROM (SELECT 1 AS lo_price) x',
  ],
  fingerprint,
  state: connectionState,
  clean: CLEAN,
  onlyRunning:
    /writes|FOR UPDATE|FOR SHARE|FOR NO KEY|current_setting|currval|nextoid|CURRENT OF|commits|unlocks|nextval|setval|pg_authid|pg_stat_file|pg_hba/,
});

test('a plan is told without running what it is of', async () => {
  const before = await fingerprint();
  for (const sql of ['SELECT writes()', "SELECT nextval('s')", 'SELECT commits() FROM t']) {
    expect(await bench.source.explain(asking(), statement(sql)), sql).toContain('cost=');
  }
  expect(await fingerprint()).toEqual(before);
});

test('rows beyond what a page holds end the query, not the service', async () => {
  const sql = 'SELECT repeat(md5(i::text), 100) FROM generate_series(1, 100000) i';
  const page = await bench.source.query(asking(), statement(sql), { limit: 100, offset: 0 });
  expect(page).toMatchObject({ more: true });
});
