import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import { AppError } from '../../../core/errors.ts';
import { contextOf } from '../../../core/request-context.ts';
import type { AuthOptions } from '../../options.ts';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { mayUsePassword } from '../federation/sign-in-choices.ts';
import type { UpstreamAccess } from '../federation/upstream-access.ts';

interface FindAccountContext {
  readonly options: AuthOptions;
  readonly accounts: Accounts;
  readonly upstream: UpstreamAccess;
}

type FoundAccount = Readonly<{ accountId: string; claims: () => { sub: string } }>;

/** Grants that lean on a sign-in of the person, which may be long ago. */
const LEANING: ReadonlySet<unknown> = new Set([
  ...['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
]);

/**
 * The account for the authorization server, unless nobody may act for it. For a token, the identity provider
 * is asked first whether it still vouches for the person; this comes before a refresh token is used up.
 */
export async function findAccount(
  request: KoaContextWithOIDC,
  id: string,
  { options, accounts, upstream }: FindAccountContext,
): Promise<FoundAccount | undefined> {
  const account = await accounts.find(id);
  if (account === undefined || account.disabledAt !== undefined) return undefined;
  if (account.identity === undefined && !mayUsePassword(options, account)) return undefined;
  const { route, params } = request.oidc;
  if (route === 'token' && account.identity !== undefined && LEANING.has(params?.['grant_type'])) {
    await assertVouchedFor(request, account, upstream);
  }
  return { accountId: id, claims: () => ({ sub: id }) };
}

async function assertVouchedFor(
  request: KoaContextWithOIDC,
  account: Account,
  upstream: UpstreamAccess,
): Promise<void> {
  const { address } = contextOf(request.req);
  const clientId = request.oidc.client?.clientId;
  try {
    const standing = await upstream.confirm(account, {
      address,
      ...(clientId === undefined ? {} : { clientId }),
    });
    if ('ended' in standing) throw new errors.InvalidGrant(standing.ended);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'UNAVAILABLE') throw error;
    request.set('Retry-After', String(error.retryAfter ?? 5));
    throw unavailable(error.message);
  }
}

/** Not `invalid_grant`, with which clients would throw their refresh token away. */
function unavailable(description: string): errors.OIDCProviderError {
  const error = new errors.TemporarilyUnavailable(description);
  error.status = 503;
  error.statusCode = 503;
  return error;
}
