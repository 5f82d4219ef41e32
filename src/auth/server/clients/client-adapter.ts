import { type AdapterPayload, errors } from 'oidc-provider';
import type { AuthOptions } from '../../options.ts';
import { type AdapterContext, EntityAdapter } from '../state/adapter.ts';
import { ClientSlots } from './client-slots.ts';
import { prefixes } from '../state/records.ts';
import { countUpTo } from '../state/scan-all.ts';

const MAX_METADATA_CHARACTERS = 16_384;

interface ClientContext extends AdapterContext {
  readonly options: Pick<AuthOptions, 'registration' | 'refreshTokenTtlSeconds'>;
}

/** What is kept of a client beside its metadata. */
interface Place {
  /** Of {@link ClientSlots}. Absent from clients of versions that had none. */
  readonly fairlead_slot?: number;
}

/**
 * Clients that registered themselves. Their number is bounded, and they go when nobody uses them: soon if
 * nobody ever has, so that a flood of registrations does not last.
 */
export class ClientAdapter extends EntityAdapter {
  readonly #registration: AuthOptions['registration'];
  /** Seconds that a client is kept after its last use; never less than its refresh tokens live. */
  readonly #keptFor: number;
  readonly #slots: ClientSlots;

  constructor(context: ClientContext) {
    super('Client', context);
    const { registration, refreshTokenTtlSeconds } = context.options;
    this.#registration = registration;
    this.#keptFor = Math.max(registration.unusedClientTtlSeconds, refreshTokenTtlSeconds);
    this.#slots = new ClientSlots({ store: context.store, size: registration.maxClients });
  }

  override async upsert(id: string, payload: AdapterPayload): Promise<void> {
    if (JSON.stringify(payload).length > MAX_METADATA_CHARACTERS) {
      throw new errors.InvalidClientMetadata('the metadata are too long');
    }
    const { maxClients, newClientTtlSeconds } = this.#registration;
    const { store } = this.context;
    // Clients of versions without places count as well.
    const known = await countUpTo(store, prefixes.entities('Client'), maxClients);
    const slot = known < maxClients ? await this.#slots.claim(newClientTtlSeconds) : undefined;
    if (slot === undefined) throw full();
    const kept: AdapterPayload & Place = { ...payload, fairlead_slot: slot };
    await store.put(this.key(id), JSON.stringify(kept), newClientTtlSeconds);
  }

  /** Client metadata have no `jti`. */
  override async find(id: string): Promise<AdapterPayload | undefined> {
    const stored = await this.read(id);
    return stored && { ...stored.payload, fairlead_slot: undefined };
  }

  override async destroy(id: string): Promise<void> {
    const stored = await this.read(id);
    await super.destroy(id);
    const slot = stored && slotOf(stored.payload);
    if (slot !== undefined) await this.#slots.release(slot);
  }

  /** Keeps a client that was just used for as long as an unused one is kept. */
  async renew(id: string): Promise<void> {
    const stored = await this.read(id);
    if (stored === undefined) return;
    const slot = slotOf(stored.payload);
    // The place first: a client without one would not be counted.
    if (slot !== undefined) await this.#slots.renew(slot, this.#keptFor);
    await this.context.store.swap(stored.key, stored.value, stored.value, this.#keptFor);
  }
}

function slotOf({ fairlead_slot: slot }: AdapterPayload & Place): number | undefined {
  return slot;
}

function full(): errors.OIDCProviderError {
  const error = new errors.TemporarilyUnavailable('no more applications can be registered at the moment');
  error.status = 503;
  error.statusCode = 503;
  return error;
}
