import { type AdapterPayload, errors, Provider } from 'oidc-provider';
import { type AdapterContext, GrantAdapter, OneTimeAdapter, serialise } from '../state/adapter.ts';
import { digest, prefixes, records } from '../state/records.ts';
import { UserCodeGuesses } from './user-code-guesses.ts';

/** How long a device waits between two questions, in seconds (RFC 8628 §3.2). */
export const POLL_INTERVAL = 5;
/** Answers travel at different speeds: a question may come this much earlier, in seconds. */
const POLL_SLACK = 1;
/** Seconds for which a code that has expired is told from one that never was (RFC 8628 §3.5). */
const REMEMBERED_AFTER = 300;

/** Begins what stands for a device code where it is not the device that names it. No issued code has a colon. */
const HANDLE = 'handle:';

/**
 * Device codes (RFC 8628), which people find by the code that the device shows. The device code itself is
 * known to the device alone: the records lead from the one to the other by a handle, which the token endpoint
 * does not take.
 *
 * A code goes its way once: a person takes it up, allows or denies, and the device redeems it. Each step is
 * one swap, so that of two people, or two answers, one counts.
 */
export class DeviceCodeAdapter extends OneTimeAdapter {
  readonly #guesses: UserCodeGuesses;

  constructor(context: AdapterContext) {
    super('DeviceCode', context);
    this.#guesses = new UserCodeGuesses(context);
  }

  override async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const { userCode, ...kept } = payload;
    if (id.startsWith(HANDLE)) await this.#advance(id, kept);
    else await this.#begin(id, { userCode: String(userCode), kept, expiresIn });
  }

  override async find(id: string): Promise<AdapterPayload | undefined> {
    if (Provider.ctx?.oidc.route !== 'token') return await super.find(id);
    if (id.startsWith(HANDLE)) return undefined;
    const payload = await super.find(id);
    if (payload !== undefined && !isDecided(payload)) await this.#slowDown(id);
    return payload;
  }

  override async findByUserCode(userCode?: string): Promise<AdapterPayload | undefined> {
    const code = userCode ?? '';
    const attempt = await this.#guesses.begin();
    const found = await this.context.store.get(records.userCode(code));
    const payload = found === undefined ? undefined : await this.find(HANDLE + found);
    if (payload === undefined) return undefined;
    await attempt.hit();
    return { ...payload, userCode: code };
  }

  /**
   * A use beside this one ends the grant, for which the provider looks only when the code is spent. The one
   * use that counts goes on nevertheless, as with the codes of browsers: what it brings is worth nothing.
   */
  override async consume(id: string): Promise<void> {
    const grantId = (await this.read(id))?.payload.grantId;
    if (grantId !== undefined) await new GrantAdapter('Grant', this.context).hold(grantId);
    await super.consume(id);
  }

  protected override key(id: string): string {
    return id.startsWith(HANDLE) ? prefixes.entities(this.model) + id.slice(HANDLE.length) : super.key(id);
  }

  /** Not listed with its grant: without that it is refused. */
  protected override async enlist(): Promise<void> {
    // Nothing to note.
  }

  protected override remaining(payload: AdapterPayload): number {
    return super.remaining(payload) + REMEMBERED_AFTER;
  }

  async #begin(
    id: string,
    code: {
      readonly userCode: string;
      readonly kept: AdapterPayload;
      readonly expiresIn: number | undefined;
    },
  ): Promise<void> {
    const lifetime = this.lifetime(code.expiresIn) + REMEMBERED_AFTER;
    const { store } = this.context;
    await store.put(this.key(id), serialise(code.kept), lifetime);
    if (await store.swap(records.userCode(code.userCode), undefined, digest(id), lifetime)) return;
    await store.take(this.key(id));
    throw new errors.TemporarilyUnavailable('no code is free at the moment; try again');
  }

  async #advance(id: string, next: AdapterPayload): Promise<void> {
    const stored = await this.read(id);
    if (stored !== undefined && follows(stored.payload, next)) {
      const { key, value, payload } = stored;
      if (await this.context.store.swap(key, value, serialise(next), this.remaining(payload))) return;
    }
    throw new errors.InvalidRequest('the code was already used');
  }

  /** The provider itself does not tell a device that it asks too often (RFC 8628 §3.5). */
  async #slowDown(id: string): Promise<void> {
    const key = records.devicePoll(id);
    const { value } = await this.context.store.increment(key, 1, POLL_INTERVAL - POLL_SLACK);
    if (value > 1) throw new errors.SlowDown();
  }
}

function isDecided({ accountId, error, consumed }: AdapterPayload): boolean {
  return accountId !== undefined || error !== undefined || consumed !== undefined;
}

/** Whether one state of a code can come after another: nobody takes up what another person has taken up. */
function follows(before: AdapterPayload, after: AdapterPayload): boolean {
  if (isDecided(before)) return false;
  return before.inFlight === true ? after.inFlight === true && isDecided(after) : true;
}
