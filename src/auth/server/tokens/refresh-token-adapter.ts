import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { type AdapterPayload, errors, type KoaContextWithOIDC, Provider } from 'oidc-provider';
import { type AdapterContext, EntityAdapter, serialise, type StoredEntity } from '../state/adapter.ts';

interface RefreshContext extends AdapterContext {
  /** How long a token may be used again for the same successor. */
  readonly graceSeconds: number;
}

/** Added to the record of a token that was used. */
interface Rotation {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The token that came after it, readable only with the token itself. */
  readonly successor: string;
}

const SUCCESSOR_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The refresh token that the answer to a request will carry. */
const planned = new WeakMap<object, string>();

/**
 * Rotation of refresh tokens with a short grace: an answer can be lost on its way, and a client that then
 * sends the same token again at once must not lose its grant. It gets the same successor as before, for as
 * long as nobody has used that one. Any other second use is theft by one of two holders and ends the
 * grant (OAuth 2.1 §4.3.1).
 *
 * The successor is chosen when the token is consumed and written in the same step, so that of any number
 * of concurrent uses all get the same one. {@link deliverPlannedToken} puts it into the answer.
 */
export class RefreshTokenAdapter extends EntityAdapter {
  readonly #graceMs: number;

  constructor(context: RefreshContext) {
    super('RefreshToken', context);
    this.#graceMs = context.graceSeconds * 1000;
  }

  override async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const successor = plannedToken();
    if (successor === undefined) {
      await super.upsert(id, payload, expiresIn);
      return;
    }
    const lifetime = this.lifetime(expiresIn);
    // Kept when it is there already: a repeated request gets it as it is, used or not.
    await this.context.store.swap(this.key(successor), undefined, serialise(payload), lifetime);
    await this.enlist(successor, payload, lifetime);
  }

  /**
   * To the token endpoint, a used token within its grace looks unused. The grace is for the client that the
   * token was issued to: from any other one, which oidc-provider just refuses, a used token ends the grant.
   */
  override async find(id: string): Promise<AdapterPayload | undefined> {
    const stored = await this.read(id);
    if (stored === undefined) return undefined;
    const { route, client } = Provider.ctx?.oidc ?? {};
    const isUsed = stored.payload.consumed !== undefined;
    if (route !== 'token' || !isUsed) return { ...stored.payload, jti: id };
    if (client?.clientId !== stored.payload.clientId) await this.endGrant(stored);
    const repeatable = (await this.#repeatable(id, stored)) !== undefined;
    return { ...stored.payload, ...(repeatable ? { consumed: undefined } : {}), jti: id };
  }

  override async consume(id: string): Promise<void> {
    const stored = await this.read(id);
    if (stored === undefined) throw new errors.InvalidGrant('refresh token not found');
    if (stored.payload.consumed === undefined) {
      const successor = randomBytes(SUCCESSOR_BYTES).toString('base64url');
      if (await this.#rotate(id, stored, successor)) {
        planToken(successor);
        return;
      }
    }
    await this.#repeat(id);
  }

  async #rotate(id: string, { key, value, payload }: StoredEntity, successor: string): Promise<boolean> {
    const at = this.context.clock.now();
    const rotation: Rotation = { at, successor: seal(id, successor) };
    const next = serialise({ ...payload, consumed: Math.floor(at / 1000), rotation });
    return await this.context.store.swap(key, value, next, this.remaining(payload));
  }

  /** A use beside or after another one. */
  async #repeat(id: string): Promise<void> {
    const stored = await this.read(id);
    const successor = stored && (await this.#repeatable(id, stored));
    if (successor !== undefined) {
      planToken(successor);
      return;
    }
    await this.endGrant(stored);
    throw new errors.InvalidGrant('refresh token already used');
  }

  /** The successor that a used token still leads to. */
  async #repeatable(id: string, { payload }: StoredEntity): Promise<string | undefined> {
    const rotation = payload['rotation'] as Rotation | undefined;
    if (rotation === undefined || this.#graceMs === 0) return undefined;
    const age = this.context.clock.now() - rotation.at;
    if (age < 0 || age > this.#graceMs) return undefined;
    const successor = unseal(id, rotation.successor);
    const next = await this.read(successor);
    return next?.payload.consumed === undefined ? successor : undefined;
  }
}

/** Middleware for the provider: the answer carries the planned token, whatever id the provider made up. */
export async function deliverPlannedToken(
  context: KoaContextWithOIDC,
  next: () => Promise<unknown>,
): Promise<void> {
  await next();
  const successor = planned.get(context);
  const body: unknown = context.body;
  if (successor === undefined || typeof body !== 'object' || body === null) return;
  if ('refresh_token' in body) context.body = { ...body, refresh_token: successor };
}

function planToken(token: string): void {
  const context = Provider.ctx;
  if (context === undefined) throw new TypeError('Refresh tokens are consumed in a request only');
  planned.set(context, token);
}

function plannedToken(): string | undefined {
  const context = Provider.ctx;
  return context && planned.get(context);
}

/** Encrypts with a key that only the holder of `token` can make: the store knows but its hash. */
function seal(token: string, value: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(token), iv);
  const sealed = [iv, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat(sealed).toString('base64url');
}

function unseal(token: string, sealed: string): string {
  const bytes = Buffer.from(sealed, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', sealingKey(token), bytes.subarray(0, IV_BYTES));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  const plain = [decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()];
  return Buffer.concat(plain).toString('utf8');
}

function sealingKey(token: string): Buffer {
  return Buffer.from(hkdfSync('sha256', token, '', 'fairlead refresh token successor', 32));
}
