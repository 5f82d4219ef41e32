import { type AdapterPayload, errors } from 'oidc-provider';
import type { AuthOptions } from '../options.ts';
import { type AdapterContext, EntityAdapter } from './adapter.ts';
import { prefixes } from './records.ts';
import { countUpTo } from './scan-all.ts';

const MAX_METADATA_CHARACTERS = 16_384;

interface ClientContext extends AdapterContext {
  readonly registration: AuthOptions['registration'];
}

/**
 * Clients that registered themselves. Their number is bounded, and they go when nobody uses them: soon if
 * nobody ever has, so that a flood of registrations does not last.
 */
export class ClientAdapter extends EntityAdapter {
  readonly #registration: AuthOptions['registration'];

  constructor(context: ClientContext) {
    super('Client', context);
    this.#registration = context.registration;
  }

  override async upsert(id: string, payload: AdapterPayload): Promise<void> {
    const value = JSON.stringify(payload);
    if (value.length > MAX_METADATA_CHARACTERS) {
      throw new errors.InvalidClientMetadata('the metadata are too long');
    }
    if (await this.#isFull()) throw full();
    await this.context.store.put(this.key(id), value, this.#registration.newClientTtlSeconds);
  }

  /** Client metadata have no `jti`. */
  override async find(id: string): Promise<AdapterPayload | undefined> {
    return (await this.read(id))?.payload;
  }

  /** Keeps a client that was just used for as long as an unused one is kept. */
  async renew(id: string): Promise<void> {
    const stored = await this.read(id);
    if (stored === undefined) return;
    await this.context.store.swap(
      stored.key,
      stored.value,
      stored.value,
      this.#registration.unusedClientTtlSeconds,
    );
  }

  async #isFull(): Promise<boolean> {
    const { maxClients } = this.#registration;
    return (await countUpTo(this.context.store, prefixes.entities('Client'), maxClients)) >= maxClients;
  }
}

function full(): errors.OIDCProviderError {
  const error = new errors.TemporarilyUnavailable('no more applications can be registered at the moment');
  error.status = 503;
  error.statusCode = 503;
  return error;
}
