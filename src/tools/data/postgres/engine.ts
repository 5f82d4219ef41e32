import type { Engine, Purpose } from '../databases/transactions.ts';
import type { ServerOptions } from '../options/databases.ts';
import { inspectAccount } from './account.ts';
import { candidatesFor } from './catalogue.ts';
import { PostgresConnection } from './connection.ts';
import { missingName, toAppError } from './postgres-error.ts';
import { beginning } from './transaction.ts';

export function postgresEngine({ schemas }: ServerOptions, purpose: Purpose): Engine<PostgresConnection> {
  return {
    defaultPort: 5432,
    open: (address) => PostgresConnection.open(address),
    inspect: inspectAccount,
    begin: (connection, { timeoutMs }) => connection.own(beginning(purpose, timeoutMs)),
    clean: async (connection) => {
      await connection.own('ROLLBACK');
      await connection.own('DISCARD ALL');
    },
    candidatesFor: async (error, connection) => {
      const missing = missingName(error);
      if (missing === undefined) return [];
      // The transaction has failed and answers nothing.
      await connection.own('ROLLBACK');
      return candidatesFor(connection, missing.what, schemas);
    },
    toAppError,
  };
}
