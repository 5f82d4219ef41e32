import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { sqlLiteral } from '../../sql-literal.ts';

export interface InstanceSettings {
  readonly memoryMb: number;
  readonly threads: number;
}

/** An engine in memory that nothing else uses: what one statement leaves in it, no other finds. */
export class Instance {
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.connection = connection;
  }

  static async open({ memoryMb, threads }: InstanceSettings): Promise<Instance> {
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${memoryMb}MiB`,
      threads: String(threads),
      // Nothing is fetched, and nothing is written beside what is exported.
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      allow_persistent_secrets: 'false',
      temp_directory: '',
      errors_as_json: 'true',
    });
    const connection = await instance.connect();
    // The same statement answers the same wherever it runs.
    await connection.run("SET TimeZone = 'UTC'");
    return new Instance(instance, connection);
  }

  /** From here on it reaches these files and no others, and stays as it is. */
  async lock(names: readonly string[]): Promise<void> {
    await this.connection.run(
      `SET allowed_paths = [${names.map(sqlLiteral).join(', ')}]; SET enable_external_access = false; SET lock_configuration = true`,
    );
  }

  close(): void {
    this.connection.closeSync();
    this.#instance.closeSync();
  }
}
