import { type AdapterPayload, errors } from 'oidc-provider';
import { AppError } from '../../../core/errors.ts';
import { EntityAdapter, serialise } from '../state/adapter.ts';

/**
 * The steps of a person's way through an authorization request. Each is carried out once: of any number of
 * concurrent requests, in any process, one takes it, and an answer that comes later brings nothing back.
 */
export class InteractionAdapter extends EntityAdapter {
  override async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    if (payload.result === undefined) {
      await super.upsert(id, payload, expiresIn);
      return;
    }
    const lifetime = this.lifetime(expiresIn);
    for (;;) {
      const stored = await this.read(id);
      if (stored === undefined) {
        const next = 'start again from the application';
        throw new AppError('BAD_REQUEST', 'This page was answered already.', { next });
      }
      if (await this.context.store.swap(stored.key, stored.value, serialise(payload), lifetime)) return;
    }
  }

  override async destroy(id: string): Promise<void> {
    if ((await this.context.store.take(this.key(id))) !== undefined) return;
    throw new errors.SessionNotFound('interaction session not found');
  }
}
