import type { Adapter, AdapterPayload } from 'oidc-provider';
import { errors, Provider } from 'oidc-provider';
import type { Clock } from '../../../core/clock.ts';
import type { Store } from '../../../core/store.ts';
import type { Grants } from '../tokens/grants.ts';
import { prefixes, records } from './records.ts';
import { scanAll } from './scan-all.ts';
import { noteOrigin } from '../accounts/sessions.ts';

export interface AdapterContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly grants: Grants;
}

/** An entity as it lies in the store. */
export interface StoredEntity {
  readonly key: string;
  /** As it was read: what a swap expects. */
  readonly value: string;
  readonly payload: AdapterPayload;
}

/**
 * Keeps one kind of oidc-provider's entities in the store. The id of most is a credential, so a record
 * holds it neither in its key nor in its value.
 */
export class EntityAdapter implements Adapter {
  protected readonly model: string;
  protected readonly context: AdapterContext;

  constructor(model: string, context: AdapterContext) {
    this.model = model;
    this.context = context;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const lifetime = this.lifetime(expiresIn);
    await this.context.store.put(this.key(id), serialise(payload), lifetime);
    await this.enlist(id, payload, lifetime);
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    const stored = await this.read(id);
    return stored && { ...stored.payload, jti: id };
  }

  findByUid(uid: string): Promise<AdapterPayload | undefined>;
  findByUid(): Promise<AdapterPayload | undefined> {
    return Promise.reject(new TypeError(`${this.model} is not found by uid`));
  }

  findByUserCode(): Promise<AdapterPayload | undefined> {
    return Promise.reject(new TypeError(`${this.model} is not found by user code`));
  }

  consume(id: string): Promise<void>;
  consume(): Promise<void> {
    return Promise.reject(new TypeError(`${this.model} is not consumed`));
  }

  async destroy(id: string): Promise<void> {
    await this.context.store.take(this.key(id));
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    const prefix = prefixes.grantMembers(grantId, this.model);
    for await (const member of scanAll(this.context.store, prefix)) {
      await this.context.store.take(prefixes.entities(this.model) + member.slice(prefix.length));
      await this.context.store.take(member);
    }
  }

  protected key(id: string): string {
    return records.entity(this.model, id);
  }

  protected async read(id: string): Promise<StoredEntity | undefined> {
    const key = this.key(id);
    const value = await this.context.store.get(key);
    // Written by `serialise` alone, and oidc-provider checks what it is given.
    return value === undefined ? undefined : { key, value, payload: JSON.parse(value) as AdapterPayload };
  }

  /** Notes that the entity ends with its grant. */
  protected async enlist(id: string, payload: AdapterPayload, lifetime: number): Promise<void> {
    if (payload.grantId === undefined) return;
    await this.context.store.put(records.grantMember(payload.grantId, this.model, id), '', lifetime);
  }

  /** Ends the grant that the entity came of, and tells as oidc-provider does. */
  protected async endGrant(stored: StoredEntity | undefined): Promise<void> {
    const grantId = stored?.payload.grantId;
    if (grantId === undefined) return;
    await this.context.grants.revoke(grantId);
    const request = Provider.ctx;
    request?.oidc.provider.emit('grant.revoked', request, grantId);
  }

  protected lifetime(expiresIn: number | undefined): number {
    if (expiresIn === undefined) throw new TypeError(`${this.model} has no lifetime`);
    return Math.max(1, Math.ceil(expiresIn));
  }

  protected remaining(payload: AdapterPayload): number {
    return this.lifetime((payload.exp ?? 0) - this.context.clock.now() / 1000);
  }
}

/** The JSON of a payload without the id. */
export function serialise(payload: AdapterPayload): string {
  return JSON.stringify({ ...payload, jti: undefined });
}

/** Entities that are good for one use. Of any number of concurrent users one gets through. */
export class OneTimeAdapter extends EntityAdapter {
  override async consume(id: string): Promise<void> {
    const stored = await this.read(id);
    if (stored === undefined || stored.payload.consumed !== undefined) return await this.refuse(stored);
    const consumed = serialise({ ...stored.payload, consumed: Math.floor(this.context.clock.now() / 1000) });
    const won = await this.context.store.swap(
      stored.key,
      stored.value,
      consumed,
      this.remaining(stored.payload),
    );
    if (!won) await this.refuse(stored);
  }

  /**
   * Ends a second use that oidc-provider itself did not see, because it ran beside the first.
   *
   * A code that is used twice ends its grant (RFC 6749 §4.1.2).
   */
  protected async refuse(stored: StoredEntity | undefined): Promise<never> {
    await this.endGrant(stored);
    throw this.model === 'PushedAuthorizationRequest'
      ? new errors.InvalidRequestUri('request_uri was already used')
      : new errors.InvalidGrant('already used');
  }
}

/** The ids of client assertions and DPoP proofs: each is taken once (RFC 7523 §3, item 7; RFC 9449 §11.1). */
export class ReplayAdapter extends EntityAdapter {
  override async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const lifetime = this.lifetime(expiresIn);
    if (await this.context.store.swap(this.key(id), undefined, serialise(payload), lifetime)) return;
    // oidc-provider has looked before: this one was used at the same time as another.
    const request = Provider.ctx;
    const isProof = request !== undefined && request.oidc.params?.['client_assertion'] === undefined;
    throw isProof
      ? new errors.InvalidDpopProof('DPoP proof was already used')
      : new errors.InvalidClientAuth('client assertion was already used');
  }
}

/** The grants that requests go on with, as they found them. */
const held = new WeakMap<object, AdapterPayload>();

/** Grants. Ending one revokes what came of it, whoever ends it. */
export class GrantAdapter extends EntityAdapter {
  /** Lets the rest of this request find the grant as it is now, even if it is ended meanwhile. */
  async hold(id: string): Promise<void> {
    const payload = await super.find(id);
    if (Provider.ctx !== undefined && payload !== undefined) held.set(Provider.ctx, payload);
  }

  override async find(id: string): Promise<AdapterPayload | undefined> {
    const payload = Provider.ctx && held.get(Provider.ctx);
    return payload?.jti === id ? payload : await super.find(id);
  }

  override async destroy(id: string): Promise<void> {
    await this.context.grants.revoke(id);
  }
}

/** Browser sessions, which are also found by their uid and by the account that signed in. */
export class SessionAdapter extends EntityAdapter {
  override async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    await super.upsert(id, payload, expiresIn);
    const lifetime = this.lifetime(expiresIn);
    const { store } = this.context;
    // The id alone opens no session: the cookie that carries it is signed.
    if (payload.uid !== undefined) await store.put(records.sessionByUid(payload.uid), id, lifetime);
    if (payload.accountId !== undefined) {
      await store.put(records.accountSession(payload.accountId, id), id, lifetime);
      // Without a request, the account page notes it.
      if (payload.uid !== undefined) {
        await noteOrigin(store, Provider.ctx?.req, { uid: payload.uid, lifetime });
      }
    }
  }

  override async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    const id = await this.context.store.get(records.sessionByUid(uid));
    return id === undefined ? undefined : await this.find(id);
  }

  override async destroy(id: string): Promise<void> {
    const stored = await this.read(id);
    await super.destroy(id);
    if (stored?.payload.accountId !== undefined) {
      await this.context.store.take(records.accountSession(stored.payload.accountId, id));
    }
  }
}
