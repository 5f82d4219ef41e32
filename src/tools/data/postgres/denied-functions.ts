import { notReadOnly, type Token } from '../databases/sql-text.ts';

/**
 * What a transaction that only reads lets pass, and a rollback does not undo: settings and chance of the connection,
 * locks and signals that reach other connections, messages to replicas. And what runs a text as a statement,
 * as that text could call them unseen. Files and the like are for roles that are refused anyway.
 *
 * `(1::bigint).pg_advisory_lock` is a call as well ("Using Composite Types in Queries"), so none of these names
 * may follow a dot; no relation of `pg_catalog` has one of them.
 */
const DENIED =
  /^(?:set_config|setseed|pg_(?:try_)?advisory_.*|pg_(?:terminate|cancel)_backend|pg_notify|pg_logical_.*|pg_sleep.*|pg_log_.*|pg_(?:read|write|stat)_.*file.*|pg_file_(?:write|sync|rename|unlink|read|length)|pg_ls_.*|pg_stat_(?:statements_)?reset.*|pg_(?:reload_conf|rotate_logfile.*|promote|prewarm|export_snapshot|import_system_collations)|pg_(?:switch|create|drop|copy|backup|start|stop|wal|sync)_.*|pg_replication_(?:slot_.*|origin_(?!status$).*)|pg_(?:clear|restore)_\w+_stats|lo_(?:creat|create|from_bytea|import|export|open|close|put|get|truncate|truncate64|unlink|lseek|lseek64|tell|tell64)|lowrite|dblink.*|(?:query|cursor|table|schema|database)_to_xml.*|ts_stat|ts_rewrite|crosstab.*|connectby|xpath_table|brin_.*summarize.*|gin_clean_pending_list)$/;

/** @throws AppError `SQL_NOT_READ_ONLY` */
export function refuseDeniedFunctions(tokens: readonly Token[]): void {
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind === 'hidden') throw notReadOnly('Identifiers with Unicode escapes are not allowed.');
    if (kind !== 'word' && kind !== 'name') continue;
    if (!isCall(tokens, index)) continue;
    const name = kind === 'word' ? text.toLowerCase() : text;
    if (DENIED.test(name)) throw notReadOnly(`The function ${name}() is not allowed.`);
  }
}

function isCall(tokens: readonly Token[], index: number): boolean {
  return tokens[index + 1]?.text === '(' || tokens[index - 1]?.text === '.';
}
