import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { JsonObject } from '../../core/json.ts';
import type { Principal } from '../../core/principal.ts';
import type { Sealer } from '../../core/sealer.ts';
import { capabilitiesIn } from '../capabilities.ts';

/** A session of the 2025 revisions: what its client said when it began. */
export interface Session {
  readonly id: string;
  /** As negotiated. */
  readonly revision: string;
  readonly capabilities: JsonObject;
  readonly client: { readonly name: string; readonly version: string };
  readonly subject: string;
  readonly clientId: string;
  /** What the policy had decided on the principal when the session began: the id of its permit. */
  readonly permit: string;
  /** Seconds since the epoch. */
  readonly expiresAt: number;
}

type SealedSession = Omit<Session, 'client'> & Session['client'];

const PURPOSE = 'mcp-session';
/** Longer ids than any that is given out are not worth the decryption. */
export const MAX_SESSION_TOKEN_LENGTH = 4096;
const MAX_NAME_LENGTH = 128;

/**
 * Session ids that hold the session: sealed, so that any process with the same keys serves the next request,
 * and none of them remembers anything (2025-11-25, basic/transports, "Session Management": a server may use
 * a token of its own making).
 */
export class SessionTokens {
  readonly #sealer: Sealer;
  readonly #ttlSeconds: number;
  /** Of what is in use right now: a client sends the same token with every message. */
  readonly #recent = new LRUCache<string, Session>({ max: 256, ttl: 10_000 });

  constructor(sealer: Sealer, ttlSeconds: number) {
    this.#sealer = sealer;
    this.#ttlSeconds = ttlSeconds;
  }

  /** Answers the session id, or undefined where what the client declares is too long to travel in a header. */
  async issue(
    principal: Principal,
    declared: { readonly revision: string; readonly capabilities: JsonObject; readonly client: JsonObject },
  ): Promise<string | undefined> {
    const { name, version } = declared.client;
    const token = await this.#sealer.seal(
      PURPOSE,
      {
        id: randomBytes(12).toString('base64url'),
        revision: declared.revision,
        capabilities: essentials(capabilitiesIn(declared.revision, declared.capabilities)),
        name: shortened(name),
        version: shortened(version),
        subject: principal.subject,
        clientId: principal.clientId,
        permit: principal.permit.id,
        expiresAt: Math.floor(Date.now() / 1000) + this.#ttlSeconds,
      },
      this.#ttlSeconds,
    );
    return token.length > MAX_SESSION_TOKEN_LENGTH ? undefined : token;
  }

  /**
   * The session, if it is one of this deployment, still good, and the principal's own: begun for the same
   * subject by the same client under the same rule of the policy. So what a session has kept, answers to be
   * resumed and resources that are followed, is never there for a token that may do less; and a client for
   * which another rule decides begins anew, and learns what it may do now.
   */
  async read(token: string, principal: Principal): Promise<Session | undefined> {
    if (token.length > MAX_SESSION_TOKEN_LENGTH) return undefined;
    const session = this.#recent.get(token) ?? (await this.#open(token));
    if (session === undefined || session.expiresAt <= Date.now() / 1000) return undefined;
    return isOwn(session, principal) ? session : undefined;
  }

  async #open(token: string): Promise<Session | undefined> {
    const sealed = await this.#sealer.open(PURPOSE, token);
    if (sealed === undefined) return undefined;
    // What opens was sealed by `issue`.
    const { name, version, ...rest } = sealed as unknown as SealedSession;
    const session: Session = { ...rest, client: { name, version } };
    this.#recent.set(token, session);
    return session;
  }
}

function isOwn(session: Session, { subject, clientId, permit }: Principal): boolean {
  return session.subject === subject && session.clientId === clientId && session.permit === permit.id;
}

/** What a server acts on of a client's capabilities; the rest may be as long as the client likes. */
function essentials(capabilities: JsonObject): JsonObject {
  const kept: Record<string, unknown> = {};
  for (const name of ['elicitation', 'sampling', 'roots']) {
    const value = Object.hasOwn(capabilities, name) ? capabilities[name] : undefined;
    if (typeof value !== 'object' || value === null) continue;
    const modes = Object.entries(value).filter(([key]) => /^[a-zA-Z]{1,32}$/.test(key));
    kept[name] = Object.fromEntries(modes.map(([key, mode]) => [key, typeof mode === 'boolean' ? mode : {}]));
  }
  return kept;
}

function shortened(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MAX_NAME_LENGTH) : '';
}
