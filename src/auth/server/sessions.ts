import type { Store } from '../../core/store.ts';
import { prefixes, records } from './records.ts';
import { scanAll } from './scan-all.ts';

/** Signs a person out in every browser. */
export async function endSessions(store: Store, accountId: string): Promise<void> {
  for await (const key of scanAll(store, prefixes.accountSessions(accountId))) {
    const sessionId = await store.take(key);
    if (sessionId !== undefined) await store.take(records.entity('Session', sessionId));
  }
}
