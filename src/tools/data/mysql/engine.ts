import { isIP } from 'node:net';
import { unavailable } from '../databases/sql-error.ts';
import type { Engine, Purpose } from '../databases/transactions.ts';
import type { ServerOptions } from '../options/databases.ts';
import { refusalOf } from './account.ts';
import { candidatesFor } from './catalogue.ts';
import { MysqlConnection } from './connection.ts';
import { missingName, toAppError } from './mysql-error.ts';

const LOCK_SECONDS = 5;
/** Beyond our own deadline, which ends a statement first. */
const GRACE_MS = 2000;
// Quotes and backslashes mean the same everywhere.
const SQL_MODE = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION';

export function mysqlEngine({ name }: ServerOptions, purpose: Purpose): Engine<MysqlConnection> {
  return {
    defaultPort: 3306,
    open: async (address) => {
      // The driver would compare the certificate with `localhost`.
      if (address.tls?.rejectUnauthorized === true && isIP(address.host) !== 0) {
        throw unavailable(
          name,
          'its url has an address, for which no certificate is checked, not a host name',
        );
      }
      return MysqlConnection.open(address);
    },
    inspect: async (connection) => ({
      dialect: connection.dialect,
      refusal: await refusalOf(connection, purpose),
    }),
    begin: async (connection, { timeoutMs, rows }) => {
      const patience = Math.ceil(timeoutMs) + GRACE_MS;
      const seconds = Math.ceil(patience / 1000);
      const limit = connection.isMariaDb
        ? `max_statement_time = ${seconds}`
        : `max_execution_time = ${patience}`;
      const settings = [
        limit,
        `sql_mode = '${SQL_MODE}'`,
        `lock_wait_timeout = ${LOCK_SECONDS}`,
        `innodb_lock_wait_timeout = ${LOCK_SECONDS}`,
        // A stream may be waited for by who takes it.
        `net_write_timeout = ${Math.max(60, seconds)}`,
        ...(rows === undefined ? [] : [`sql_select_limit = ${rows}`]),
      ];
      await connection.own('SET NAMES utf8mb4');
      await connection.own(`SET ${settings.map((one) => `SESSION ${one}`).join(', ')}`);
      await connection.own(`START TRANSACTION READ ${purpose === 'read' ? 'ONLY' : 'WRITE'}`);
    },
    clean: async (connection) => {
      await connection.own('ROLLBACK');
      await connection.reset();
    },
    candidatesFor: async (error, connection) => {
      const missing = missingName(error);
      return missing === undefined ? [] : candidatesFor(connection, missing.what);
    },
    toAppError,
  };
}
