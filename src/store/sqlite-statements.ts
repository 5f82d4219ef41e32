import type { StatementSync } from 'node:sqlite';

const ALIVE = '(expires_at IS NULL OR expires_at > :now)';

/** Every statement of the store, by what it does; each is atomic by itself. */
const SQL = {
  get: `SELECT value FROM records WHERE key = :key AND ${ALIVE}`,
  put: `INSERT INTO records VALUES (:key, :value, :expiresAt)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
  create: `INSERT INTO records VALUES (:key, :value, :expiresAt)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
    WHERE NOT (records.expires_at IS NULL OR records.expires_at > :now)`,
  replace: `UPDATE records SET value = :value, expires_at = :expiresAt
    WHERE key = :key AND value = :expected AND ${ALIVE}`,
  remove: `DELETE FROM records WHERE key = :key AND value = :expected AND ${ALIVE}`,
  take: 'DELETE FROM records WHERE key = :key RETURNING value, expires_at',
  increment: `INSERT INTO records VALUES (:key, CAST(CAST(:by AS INTEGER) AS TEXT), :expiresAt)
    ON CONFLICT (key) DO UPDATE SET
      value = iif(records.expires_at > :now, CAST(CAST(records.value AS INTEGER) + CAST(:by AS INTEGER) AS TEXT), excluded.value),
      expires_at = iif(records.expires_at > :now, records.expires_at, excluded.expires_at)
    WHERE records.expires_at <= :now
      OR (records.expires_at > :now AND CAST(CAST(records.value AS INTEGER) AS TEXT) = records.value)
    RETURNING value, expires_at`,
  scan: `SELECT key FROM records
    WHERE key >= :from AND key < :to AND key > :after AND ${ALIVE} ORDER BY key LIMIT :limit`,
  dropExpiredStream: `DELETE FROM events
    WHERE stream = (SELECT id FROM streams WHERE name = :stream AND expires_at <= :now)`,
  renewStream: `INSERT INTO streams (name, expires_at) VALUES (:stream, :expiresAt)
    ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at RETURNING id`,
  append: 'INSERT INTO events (stream, value) VALUES (:id, :value)',
  trimStream: `DELETE FROM events WHERE stream = :id AND sequence <=
    (SELECT sequence FROM events WHERE stream = :id ORDER BY sequence DESC LIMIT 1 OFFSET :maxLength)`,
  readAfter: `SELECT sequence, value FROM events
    WHERE stream = (SELECT id FROM streams WHERE name = :stream AND expires_at > :now) AND sequence > :after
    ORDER BY sequence LIMIT :limit`,
  ping: 'INSERT INTO liveness VALUES (1, :now) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at',
  sweepRecords: `DELETE FROM records
    WHERE rowid IN (SELECT rowid FROM records WHERE expires_at <= :now LIMIT :limit)`,
  sweepEvents: `DELETE FROM events WHERE sequence IN
    (SELECT sequence FROM events JOIN streams ON stream = id WHERE expires_at <= :now LIMIT :limit)`,
  sweepStreams: `DELETE FROM streams WHERE id IN (SELECT id FROM streams
    WHERE expires_at <= :now AND NOT EXISTS (SELECT 1 FROM events WHERE stream = streams.id) LIMIT :limit)`,
} as const;

export type SqliteStatements = Readonly<Record<keyof typeof SQL, StatementSync>>;

export function prepareAll(prepare: (sql: string) => StatementSync): SqliteStatements {
  const prepared = Object.entries(SQL).map(([name, sql]) => [name, prepare(sql)]);
  return Object.fromEntries(prepared) as SqliteStatements;
}
