import { DuckDBInstance } from '@duckdb/node-api';

const instance = await DuckDBInstance.create(':memory:');
const connection = await instance.connect();
process.on('message', (sql: string) => {
  connection.runAndReadAll(sql).then(
    (reader) => {
      reader.getRowsJson();
      process.send?.('');
    },
    (error: unknown) => process.send?.(String(error)),
  );
});
process.send?.('ready');
