import type { Request, Response } from 'express';
import type { Session } from 'oidc-provider';
import type { Clock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import { contextOf } from '../../../core/request-context.ts';
import type { Actor } from '../accounts/account-administration.ts';
import { isRecent } from '../account-pages/account-visit.ts';
import type { Account, Accounts } from '../accounts/accounts.ts';
import { browserSession } from '../sign-in/browser-session.ts';
import type { UpstreamAccess } from '../federation/upstream-access.ts';
import { field, refusedForm } from '../forms/form-body.ts';
import type { FormTokens } from '../forms/form-token.ts';
import type { ProviderHolder } from '../provider-holder.ts';

interface OwnerAccessContext {
  readonly holder: ProviderHolder;
  readonly accounts: Accounts;
  readonly upstream: UpstreamAccess;
  readonly forms: FormTokens;
  readonly clock: Clock;
}

/** An owner in the administration. */
export interface Owner extends Actor {
  readonly account: Account;
  /** What the forms of the pages are bound to: this session. */
  readonly purpose: string;
  readonly session: Session;
  /** Whether the sign-in is so recent that the owner can be taken to be there. */
  readonly isRecent: boolean;
}

/** Lets owners in. For everybody else there is nothing here: they cannot tell it from an address of nobody's. */
export class OwnerAccess {
  readonly #context: OwnerAccessContext;

  constructor(context: OwnerAccessContext) {
    this.#context = context;
  }

  /** @throws AppError `NOT_FOUND` unless an owner is signed in */
  async require(request: Request, response: Response): Promise<Owner> {
    const { holder, accounts, upstream } = this.#context;
    const { provider } = await holder.current();
    const session = await browserSession({ provider, request, response });
    const known = session.accountId === undefined ? undefined : await accounts.find(session.accountId);
    if (known?.role !== 'owner' || known.disabledAt !== undefined) throw nothingHere();
    const { address } = contextOf(request);
    // Groups may have made them an owner, and may be others by now.
    const account = await upstream.current(known, { address });
    if (account?.role !== 'owner') throw nothingHere();
    return {
      account,
      subject: account.id,
      address,
      purpose: `admin:${session.uid}`,
      session,
      isRecent: isRecent(this.#context, { session }),
    };
  }

  /** As {@link require}, for a form: it must come from a page that this session was shown. */
  async submit(request: Request, response: Response): Promise<Owner> {
    const owner = await this.require(request, response);
    const genuine = this.#context.forms.verify(request, field(request, 'form_token'), owner.purpose);
    if (!genuine) throw refusedForm();
    return owner;
  }
}

function nothingHere(): AppError {
  return new AppError('NOT_FOUND', 'There is nothing at this address.', {
    next: 'the MCP endpoint is at /mcp',
  });
}
