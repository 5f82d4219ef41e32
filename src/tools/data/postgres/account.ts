import type { Account } from '../databases/transactions.ts';
import type { PostgresConnection } from './connection.ts';

// Membership counts, whether its rights are inherited or have to be taken on.
const QUESTION = `
  SELECT
    current_setting('server_version_num')::int / 10000 AS version,
    (SELECT string_agg(DISTINCT r.rolname, ', ') FROM pg_catalog.pg_roles r
      WHERE r.rolname IN (
        'pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program', 'pg_signal_backend'
      ) AND pg_catalog.pg_has_role(r.oid, 'MEMBER')) AS roles,
    EXISTS (SELECT FROM pg_catalog.pg_roles r
      WHERE r.rolsuper AND pg_catalog.pg_has_role(r.oid, 'MEMBER')) AS is_super,
    EXISTS (SELECT FROM pg_catalog.pg_roles r
      WHERE r.rolreplication AND pg_catalog.pg_has_role(r.oid, 'MEMBER')) AS replicates,
    (SELECT string_agg(DISTINCT e.extname, ', ')
      FROM pg_catalog.pg_extension e
      JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::regclass
        AND d.refobjid = e.oid AND d.classid = 'pg_catalog.pg_proc'::regclass AND d.deptype = 'e'
      WHERE e.extname IN ('dblink', 'http', 'pg_background')
        AND pg_catalog.has_function_privilege(d.objid, 'EXECUTE')) AS extensions`;

/** What the account could do that no transaction holds back. */
export async function inspectAccount(connection: PostgresConnection): Promise<Account> {
  const { rows } = await connection.own(QUESTION);
  const [version, roles, isSuper, replicates, extensions] = rows[0] ?? [];
  const refusals = [
    ...(isSuper === 't' ? ['is a superuser'] : []),
    ...(replicates === 't' ? ['may replicate'] : []),
    ...(typeof roles === 'string' ? [`is a member of ${roles}`] : []),
    ...(typeof extensions === 'string' ? [`may call functions of the extension ${extensions}`] : []),
  ];
  return {
    dialect: `PostgreSQL ${version ?? ''}`.trim(),
    refusal: refusals.length === 0 ? undefined : `its account ${refusals.join(' and ')}`,
  };
}
