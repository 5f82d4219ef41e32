import * as z from 'zod';
import type { Store } from '../../../core/store.ts';
import { digest, records } from '../state/records.ts';

/** Passkeys that one account can have. */
export const MAX_PASSKEYS = 20;

const storedPasskey = z.object({
  /** The credential's id, in base64url. */
  id: z.string(),
  /** COSE key, in base64url. */
  publicKey: z.string(),
  /** How often the authenticator has signed; 0 where it does not count. */
  counter: z.number(),
  /** How browsers reach the authenticator. */
  transports: z.array(z.string()),
  name: z.string(),
  /** ISO 8601. */
  createdAt: z.string(),
  /** ISO 8601; absent until the first sign-in. */
  lastUsedAt: z.string().optional(),
});

export type Passkey = Readonly<z.output<typeof storedPasskey>>;

const storedPasskeys = z.array(storedPasskey);

/** What forms call a passkey: 43 characters, whatever its id is like. */
export function passkeyHandle({ id }: Pick<Passkey, 'id'>): string {
  return digest(id);
}

/**
 * The passkeys of accounts. All of an account lie in one record, so that their number is bounded whoever
 * adds at the same time; another record leads from a credential to its account.
 */
export class PasskeyRecords {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Oldest first. */
  async list(accountId: string): Promise<readonly Passkey[]> {
    return parse(await this.#store.get(records.passkeys(accountId)));
  }

  async find(
    credentialId: string,
  ): Promise<{ readonly accountId: string; readonly passkey: Passkey } | undefined> {
    const accountId = await this.#store.get(records.passkeyAccount(credentialId));
    if (accountId === undefined) return undefined;
    const passkey = (await this.list(accountId)).find(({ id }) => id === credentialId);
    return passkey && { accountId, passkey };
  }

  /** Answers whether it was added: not beyond {@link MAX_PASSKEYS}, and not where the credential is known. */
  async add(accountId: string, passkey: Passkey): Promise<boolean> {
    if (!(await this.#claim(accountId, passkey.id))) return false;
    const added = await this.#edit(accountId, (passkeys) =>
      passkeys.length < MAX_PASSKEYS ? [...passkeys, passkey] : undefined,
    );
    if (!added) await this.#store.take(records.passkeyAccount(passkey.id));
    return added;
  }

  /** Answers whether the passkey was there and the change, which may decline, was made. */
  async change(
    accountId: string,
    handle: string,
    change: (passkey: Passkey) => Passkey | undefined,
  ): Promise<boolean> {
    return await this.#edit(accountId, (passkeys) => {
      const index = passkeys.findIndex((passkey) => passkeyHandle(passkey) === handle);
      const found = passkeys[index];
      const changed = found && change(found);
      return changed && passkeys.with(index, changed);
    });
  }

  /** Answers the passkey that is gone now; undefined where there was none. */
  async remove(accountId: string, handle: string): Promise<Passkey | undefined> {
    let removed: Passkey | undefined;
    await this.#edit(accountId, (passkeys) => {
      removed = passkeys.find((passkey) => passkeyHandle(passkey) === handle);
      return removed && passkeys.filter((passkey) => passkey !== removed);
    });
    if (removed !== undefined) await this.#store.take(records.passkeyAccount(removed.id));
    return removed;
  }

  async removeAll(accountId: string): Promise<void> {
    const passkeys = parse(await this.#store.take(records.passkeys(accountId)));
    for (const { id } of passkeys) await this.#store.take(records.passkeyAccount(id));
  }

  /** A credential is registered once: nobody takes over, or shadows, what leads to another account. */
  async #claim(accountId: string, credentialId: string): Promise<boolean> {
    const key = records.passkeyAccount(credentialId);
    if (await this.#store.swap(key, undefined, accountId, 'permanent')) return true;
    const holder = await this.#store.get(key);
    // Left over where a removal or an addition broke off half way.
    const abandoned = holder !== undefined && (await this.find(credentialId)) === undefined;
    return abandoned && (await this.#store.swap(key, holder, accountId, 'permanent'));
  }

  async #edit(
    accountId: string,
    edit: (passkeys: readonly Passkey[]) => readonly Passkey[] | undefined,
  ): Promise<boolean> {
    const key = records.passkeys(accountId);
    for (;;) {
      const value = await this.#store.get(key);
      const next = edit(parse(value));
      if (next === undefined) return false;
      const text = next.length === 0 ? undefined : JSON.stringify(next);
      if (await this.#store.swap(key, value, text, 'permanent')) return true;
    }
  }
}

function parse(value: string | undefined): readonly Passkey[] {
  return value === undefined ? [] : storedPasskeys.parse(JSON.parse(value));
}
