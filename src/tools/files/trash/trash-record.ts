import { randomBytes } from 'node:crypto';
import * as z from 'zod';

/** What the trash tells of something that was deleted. */
const record = z.object({
  id: z.string(),
  /** From the root of the workspace on, after links: where restoring puts it back. */
  path: z.string(),
  kind: z.enum(['file', 'folder', 'link']),
  entries: z.number(),
  bytes: z.number(),
  /** ISO 8601. */
  deletedAt: z.string(),
  subject: z.string(),
  clientId: z.string(),
});

export type TrashRecord = z.output<typeof record>;

const ID = /^\d{8}-\d{6}-[a-z0-9]{8}$/;

/** Sorts by time: `20260302-101500-3fk9x2ab`. */
export function trashId(now: number): string {
  const time = new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${time}-${BigInt(`0x${randomBytes(8).toString('hex')}`)
    .toString(36)
    .padStart(8, '0')
    .slice(-8)}`;
}

export function isTrashId(name: string): boolean {
  return ID.test(name);
}

/** Undefined for what is no record. */
export function readRecord(text: string): TrashRecord | undefined {
  try {
    return record.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
