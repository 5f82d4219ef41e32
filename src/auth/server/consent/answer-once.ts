import type { Store } from '../../../core/store.ts';
import { refusedForm } from '../forms/form-body.ts';
import { records } from '../state/records.ts';

/** Seconds; as long as an interaction lives. */
const LIFETIME = 600;

/**
 * Carries out the answer to one step of a person's way, of however many are sent, to whichever process: a
 * form that is sent twice must not allow a client twice.
 *
 * @throws AppError `BAD_REQUEST` for every answer but the first
 */
export async function answerOnce<T>(
  store: Pick<Store, 'swap' | 'take'>,
  uid: string,
  carryOut: () => Promise<T>,
): Promise<T> {
  const key = records.answered(uid);
  if (!(await store.swap(key, undefined, '1', LIFETIME))) throw refusedForm();
  try {
    return await carryOut();
  } catch (error) {
    // Not answered after all: the person may try again.
    await store.take(key).catch(() => undefined);
    throw error;
  }
}
