import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, it } from 'vitest';
import {
  FILE_READERS,
  FUNCTIONS,
  TABLE_FUNCTIONS,
} from '../../../../../src/tools/data/duckdb/child/functions.ts';
import { engineVersion } from '../../../../../src/tools/data/duckdb/engine-version.ts';

/** What the engine has and no statement may call, with the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  'settings and variables': 'current_setting getvariable setseed',
  'sequences and the catalogue':
    'currval nextval get_block_size in_search_path current_catalog current_database current_schema current_schemas ' +
    'current_query current_query_id current_connection_id current_transaction_id txid_current ' +
    'current_role current_user session_user user generate_series_catalog col_description obj_description ' +
    'shobj_description format_pg_type format_type map_to_pg_oid',
  'who is connected': 'inet_client_addr inet_client_port inet_server_addr inet_server_port',
  'waiting and logging': 'sleep_ms pg_sleep write_log parse_duckdb_log_message',
  'statements as values': 'json_deserialize_sql json_serialize_sql json_serialize_plan',
  'states of aggregates': 'combine finalize',
  'for the engine itself':
    'create_sort_key get_type icu_sort_key make_type remap_struct replace_type st_crs st_setcrs stats switch ' +
    'variant_bytes_to_variant variant_normalize variant_to_parquet_variant vector_type version',
  // Table functions.
  'other processes’ memory': 'arrow_scan arrow_scan_dumb seq_scan',
  'text as SQL': 'query query_table json_execute_serialized_sql check_peg_parser sql_auto_complete',
  'tables by their name, which no one has looked at': 'histogram histogram_values summary',
  'changing the engine':
    'checkpoint disable_logging disable_peg_parser disable_profiling enable_logging enable_peg_parser ' +
    'enable_profiling force_checkpoint truncate_duckdb_logs duckdb_logs_parsed duckdb_profiling_settings',
  'files by other ways': 'glob read_duckdb parquet_bloom_probe which_secret',
  'for tests': 'test_all_types test_vector_types',
};
/** Families of which none may be called. */
const FAMILIES =
  /^(__internal_|icu_collate_|duckdb_|pragma_|has_\w+_privilege$|pg_(?!size_pretty$|typeof$|timezone_names$))/;

async function catalogue(): Promise<{ readonly name: string; readonly isTable: boolean }[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    "SELECT DISTINCT lower(function_name), function_type LIKE 'table%' FROM duckdb_functions() WHERE function_type <> 'pragma'",
  );
  connection.closeSync();
  instance.closeSync();
  return reader.getRows().map(([name, isTable]) => ({ name: String(name), isTable: isTable === true }));
}

it('every function of the engine in use has been judged', async () => {
  const refused = new Set(Object.values(REFUSED).join(' ').split(' '));
  const functions = await catalogue();
  expect(functions.length).toBeGreaterThan(800);
  const unjudged = functions.filter(({ name, isTable }) => {
    const isAllowed = isTable ? TABLE_FUNCTIONS.has(name) || FILE_READERS.has(name) : FUNCTIONS.has(name);
    return !isAllowed && !refused.has(name) && !FAMILIES.test(name);
  });
  expect(unjudged).toEqual([]);
});

it('nothing is allowed that is refused, or that the engine does not have', async () => {
  const functions = await catalogue();
  const [tables, scalars] = [true, false].map(
    (wanted) => new Set(functions.filter(({ isTable }) => isTable === wanted).map(({ name }) => name)),
  );
  // Written by the parser under names that are no entries of the catalogue.
  const ofTheParser = new Set(['unnest', 'percentile_cont', 'percentile_disc', '->', 'generate_subscripts']);
  const scalarRefused = Object.values(REFUSED)
    .join(' ')
    .split(' ')
    .filter((name) => FUNCTIONS.has(name) && name !== 'histogram');
  expect(scalarRefused).toEqual([]);
  expect([...FUNCTIONS].filter((name) => scalars?.has(name) === false && !ofTheParser.has(name))).toEqual([]);
  // Workbooks are read here, not by the engine.
  const known = [...TABLE_FUNCTIONS, ...FILE_READERS.keys()].filter((name) => name !== 'read_xlsx');
  expect(known.filter((name) => tables?.has(name) === false)).toEqual([]);
  expect([...FUNCTIONS].filter((name) => FAMILIES.test(name))).toEqual([]);
});

it('the version that is told is the one that is pinned', () => {
  const path = new URL('../../../../../package.json', import.meta.url);
  const { dependencies } = JSON.parse(readFileSync(path, 'utf8')) as { dependencies: Record<string, string> };
  expect(dependencies['@duckdb/node-api']).toMatch(/^\d/);
  expect(dependencies['@duckdb/node-api']?.split('-')[0]).toBe(engineVersion());
});
