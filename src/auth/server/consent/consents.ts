import type { Client, Grant, Interaction, InteractionResults } from 'oidc-provider';
import type Provider from 'oidc-provider';
import type { Clock } from '../../../core/clock.ts';
import { type Scope, SCOPES } from '../../../core/scopes.ts';
import type { Telemetry } from '../../../core/telemetry.ts';
import type { AuthPages, ConsentPage, RedirectTarget, ScopeLine } from '../../pages.ts';
import { spellingsOf } from '../../resource-addresses.ts';
import type { Account } from '../accounts/accounts.ts';
import { displayName, documentHost, redirectTarget } from '../clients/client-display.ts';
import type { Grants } from '../tokens/grants.ts';
import { grantableScopes, type IssuanceContext } from './issuance.ts';
import { clientScopes, OIDC_SCOPES, resourceScopes, scopeNames } from './requested-scopes.ts';

export interface ConsentContext extends IssuanceContext {
  readonly pages: AuthPages;
  /** Scopes that there is something to do with here. */
  readonly scopes: readonly Scope[];
  /** The public URL of the MCP endpoint. */
  readonly resource: string;
  readonly grants: Grants;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** What a person is asked. */
interface Question {
  readonly provider: Provider;
  readonly interaction: Interaction;
  readonly client: Client;
  readonly account: Account;
}

type Announcement = NonNullable<Parameters<AuthPages['login']>[0]['request']>;

interface Choice {
  readonly granted: readonly Scope[];
  readonly withheld: readonly Scope[];
}

/** What people allow clients to do in their name, never more than they may do themselves. */
export class Consents {
  readonly #context: ConsentContext;

  constructor(context: ConsentContext) {
    this.#context = context;
  }

  /** What the client asks for, whoever will answer. */
  announce({ interaction, client }: Pick<Question, 'interaction' | 'client'>): Announcement {
    const available = clientScopes(client.clientId, this.#context);
    return {
      verifiedHost: this.#documentHost(client),
      redirect: destinationOf(interaction),
      scopes: resourceScopes(interaction.params['scope'], available).map(scopeLine),
    };
  }

  /** What the consent page says. */
  async describe(question: Question): Promise<Omit<ConsentPage, 'action' | 'formToken'>> {
    const { interaction, client, account } = question;
    const { options } = this.#context;
    const { granted, withheld } = this.#choice(question);
    const held = (await this.#lasting(question))?.getResourceScope(this.#context.resource).split(' ') ?? [];
    const added = granted.filter((scope) => !held.includes(scope));
    return {
      client: {
        name: displayName(client.clientName, client.clientId),
        verifiedHost: this.#documentHost(client),
      },
      redirect: destinationOf(interaction),
      person: { name: account.name, email: account.email },
      granted: granted.map(scopeLine),
      // Who asks for nothing new is shown all of it again.
      held: added.length === 0 ? [] : granted.filter((scope) => held.includes(scope)).map(scopeLine),
      withheld: withheld.map(scopeLine),
      offline: client.grantTypeAllowed('refresh_token'),
      onceSeconds: options.onceTtlSeconds,
      lastingSeconds: options.grantTtlSeconds,
    };
  }

  /** Carries the person's answer out; what is left to do is to tell the provider. */
  async decide(
    question: Question & {
      readonly address: string;
      /** Whether it holds until the person takes it back, or for once. */
      readonly remember: boolean;
    },
    allowed: boolean,
  ): Promise<InteractionResults> {
    const { telemetry } = this.#context;
    const { granted, withheld } = this.#choice(question);
    const actors = {
      subject: question.account.id,
      clientId: question.client.clientId,
      address: question.address,
    };
    if (!allowed || granted.length === 0) {
      telemetry.metrics.auth('consent', 'refused');
      telemetry.audit({ action: 'consent.denied', outcome: 'denied', ...actors });
      return { error: 'access_denied', error_description: 'the person did not allow it' };
    }
    const grantId = await this.#grant(question, granted, question.remember);
    telemetry.metrics.auth('consent', 'ok');
    telemetry.audit({
      action: 'consent.given',
      outcome: 'success',
      ...actors,
      details: { name: nameOf(question), scopes: granted, withheld, remembered: question.remember },
    });
    return { consent: { grantId } };
  }

  #choice({ interaction, client, account }: Question): Choice {
    const available = clientScopes(client.clientId, this.#context);
    const asked = resourceScopes(interaction.params['scope'], available);
    const granted = grantableScopes(account, client.clientId, asked, this.#context);
    return { granted, withheld: asked.filter((scope) => !granted.includes(scope)) };
  }

  async #grant(question: Question, scopes: readonly Scope[], remember: boolean): Promise<string> {
    const { provider, interaction, client, account } = question;
    const { grants, options, clock, resource } = this.#context;
    // For once is a grant of its own: it neither widens, nor shortens, what was allowed for longer.
    const existing = remember ? await this.#lasting(question) : undefined;
    const grant = existing ?? new provider.Grant({ accountId: account.id, clientId: client.clientId });
    const oidc = scopeNames(interaction.params['scope']).filter((name) => OIDC_SCOPES.includes(name));
    if (oidc.length > 0) grant.addOIDCScope(oidc);
    // However the client spells the resource, it is the same one.
    for (const indicator of spellingsOf(resource)) grant.addResourceScope(indicator, [...scopes]);
    const now = Math.floor(clock.now() / 1000);
    const lifetime = remember ? options.grantTtlSeconds : options.onceTtlSeconds;
    // The person has just decided: the time begins anew.
    grant.exp = now + lifetime;
    const grantId = await grant.save();
    const documentHost = this.#documentHost(client);
    const details = {
      clientId: client.clientId,
      clientName: displayName(client.clientName, client.clientId),
      clientHost: documentHost ?? destinationOf(interaction).name,
      published: documentHost !== undefined,
      allowedAt: now,
      expiresAt: now + lifetime,
      once: !remember,
      scopes: grant.getResourceScope(resource).split(' '),
    };
    await grants.describe(account.id, grantId, details, lifetime);
    return grantId;
  }

  /** What the person has allowed the client before in this browser, but for what was allowed for once. */
  async #lasting({ provider, interaction, account }: Question): Promise<Grant | undefined> {
    const { grantId } = interaction;
    const grant = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    if (grantId === undefined || grant?.accountId !== account.id) return undefined;
    const details = await this.#context.grants.find(account.id, grantId);
    return details === undefined || details.once === true ? undefined : grant;
  }

  /** The host of the client's metadata document, which is who vouches for its name. */
  #documentHost(client: Client): string | undefined {
    return documentHost(client, this.#context.options.clients);
  }
}

/** Where the access goes: to whoever has an address, or to the device that has asked for it. */
function destinationOf({ deviceCode, params }: Interaction): RedirectTarget {
  if (deviceCode !== undefined) return { kind: 'device', name: 'a device' };
  return redirectTarget(String(params['redirect_uri']));
}

function nameOf({ client }: Question): string {
  return displayName(client.clientName, client.clientId);
}

export function scopeLine(scope: Scope): ScopeLine {
  return { name: scope, words: SCOPES[scope].words };
}
