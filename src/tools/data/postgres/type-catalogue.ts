import type { FieldDef } from 'pg';
import type { Column, Value } from '../source.ts';
import type { PostgresConnection, Row } from './connection.ts';
import { decoderOf, type TypeInfo } from './types.ts';

const QUESTION = `
  SELECT t.oid, pg_catalog.format_type(t.oid, NULL),
    CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem END, t.typdelim
  FROM pg_catalog.pg_type t
  WHERE t.oid = ANY($1) OR t.oid IN (SELECT typelem FROM pg_catalog.pg_type WHERE oid = ANY($1))`;

/** The types of one database, as they are met. */
export class TypeCatalogue {
  readonly #types = new Map<number, TypeInfo>();

  /** What the values of a result mean. */
  async reader(connection: PostgresConnection, fields: readonly FieldDef[]): Promise<ResultReader> {
    const unknown = fields.map(({ dataTypeID }) => dataTypeID).filter((type) => !this.#types.has(type));
    if (unknown.length > 0) await this.#learn(connection, unknown);
    const decoders = fields.map(({ dataTypeID }) => decoderOf(dataTypeID, this.#types));
    return {
      columns: fields.map(({ name, dataTypeID, dataTypeModifier }) => ({
        name,
        type: `${this.#types.get(dataTypeID)?.name ?? 'unknown'}${digitsOf(dataTypeID, dataTypeModifier)}`,
      })),
      read: (rows) =>
        rows.map((row) =>
          row.map((text, index) => (text === null ? null : (decoders[index]?.(text) ?? text))),
        ),
    };
  }

  async #learn(connection: PostgresConnection, oids: readonly number[]): Promise<void> {
    const { rows } = await connection.own(QUESTION, [[...new Set(oids)]]);
    for (const [oid, name, element, delimiter] of rows) {
      this.#types.set(Number(oid), {
        name: name ?? 'unknown',
        element: typeof element === 'string' ? Number(element) : undefined,
        delimiter: delimiter ?? ',',
      });
    }
  }
}

const NUMERIC = 1700;

/** Precision and scale, where they are declared (numerictypmodin): what is exported can be a number by them. */
function digitsOf(type: number, modifier: number): string {
  if (type !== NUMERIC || modifier < 4) return '';
  const packed = modifier - 4;
  const scale = packed & 0x7ff;
  // Below zero from PostgreSQL 15 on, in 11 bits.
  return scale > 1000 ? '' : `(${(packed >> 16) & 0xffff},${scale})`;
}

export interface ResultReader {
  readonly columns: readonly Column[];
  readonly read: (rows: readonly Row[]) => Value[][];
}
