import type { Client, Interaction, InteractionResults } from 'oidc-provider';
import type Provider from 'oidc-provider';
import type { Clock } from '../../core/clock.ts';
import { type Scope, SCOPES } from '../../core/scopes.ts';
import type { Telemetry } from '../../core/telemetry.ts';
import type { AuthOptions } from '../options.ts';
import type { AuthPages, ConsentPage, ScopeLine } from '../pages.ts';
import { spellingsOf } from '../resource-addresses.ts';
import { type Account, allowedScopes } from './accounts.ts';
import { displayName, redirectTarget } from './client-display.ts';
import type { Grants } from './grants.ts';
import { clientScopes, OIDC_SCOPES, resourceScopes, scopeNames } from './requested-scopes.ts';

export interface ConsentContext {
  readonly options: AuthOptions;
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

  /** What the consent page says. */
  describe(question: Question): Omit<ConsentPage, 'action' | 'formToken'> {
    const { interaction, client, account } = question;
    const { granted, withheld } = this.#choice(question);
    return {
      client: {
        name: displayName(client.clientName, client.clientId),
        verifiedHost: this.#documentHost(client),
      },
      redirect: redirectTarget(String(interaction.params['redirect_uri'])),
      person: { name: account.name, email: account.email },
      granted: granted.map(scopeLine),
      withheld: withheld.map(scopeLine),
      offline: client.grantTypeAllowed('refresh_token'),
    };
  }

  /** Carries the person's answer out; what is left to do is to tell the provider. */
  async decide(
    question: Question & { readonly address: string },
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
    const grantId = await this.#grant(question, granted);
    telemetry.metrics.auth('consent', 'ok');
    telemetry.audit({
      action: 'consent.given',
      outcome: 'success',
      ...actors,
      details: { scopes: granted, withheld },
    });
    return { consent: { grantId } };
  }

  #choice({ interaction, client, account }: Question): Choice {
    const available = clientScopes(client.clientId, this.#context);
    const asked = resourceScopes(interaction.params['scope'], available);
    const allowed = allowedScopes(account, this.#context.options.memberScopes);
    return {
      granted: asked.filter((scope) => allowed.has(scope)),
      withheld: asked.filter((scope) => !allowed.has(scope)),
    };
  }

  async #grant(
    { provider, interaction, client, account }: Question,
    scopes: readonly Scope[],
  ): Promise<string> {
    const { grants, options, clock, resource } = this.#context;
    const existing =
      interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
    const grant = existing ?? new provider.Grant({ accountId: account.id, clientId: client.clientId });
    const oidc = scopeNames(interaction.params['scope']).filter((name) => OIDC_SCOPES.includes(name));
    if (oidc.length > 0) grant.addOIDCScope(oidc);
    // However the client spells the resource, it is the same one.
    for (const indicator of spellingsOf(resource)) grant.addResourceScope(indicator, [...scopes]);
    // The person has just decided: the time begins anew.
    grant.exp = undefined;
    const grantId = await grant.save();
    const details = {
      clientId: client.clientId,
      clientName: displayName(client.clientName, client.clientId),
      clientHost:
        this.#documentHost(client) ?? redirectTarget(String(interaction.params['redirect_uri'])).name,
      allowedAt: Math.floor(clock.now() / 1000),
      scopes: grant.getResourceScope(resource).split(' '),
    };
    await grants.describe(account.id, grantId, details, options.grantTtlSeconds);
    return grantId;
  }

  /** The host of the client's metadata document, which is who vouches for its name. */
  #documentHost({ clientId }: Client): string | undefined {
    const declared = this.#context.options.clients.some((client) => client.clientId === clientId);
    return declared || !clientId.startsWith('https://') ? undefined : new URL(clientId).host;
  }
}

export function scopeLine(scope: Scope): ScopeLine {
  return { name: scope, words: SCOPES[scope].words };
}
