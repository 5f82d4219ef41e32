import { type Html, html } from './html.ts';
import type { ScopeLine } from './scope-list.ts';

/** What the account page says. */
export interface AccountModel {
  /** Path that the forms' own paths start with. */
  readonly action: string;
  readonly formToken: string;
  readonly person: { readonly name: string; readonly email: string };
  readonly grants: readonly {
    readonly gid: string;
    readonly clientName: string;
    readonly clientHost: string;
    readonly published: boolean;
    readonly allowedAt: Date;
    readonly lastUsedAt?: Date | undefined;
    readonly expiresAt?: Date | undefined;
    readonly scopes: readonly ScopeLine[];
  }[];
  readonly sessions: readonly {
    readonly uid: string;
    readonly current: boolean;
    readonly agent: string;
    readonly address?: string | undefined;
    readonly signedInAt: Date;
  }[];
  readonly password: { readonly has: boolean; readonly open: boolean; readonly minLength: number };
  readonly passkeys: {
    readonly state: 'add' | 'confirm' | 'sign-in-again' | 'full' | 'none';
    readonly list: readonly {
      readonly handle: string;
      readonly name: string;
      readonly createdAt: Date;
      readonly lastUsedAt?: Date | undefined;
    }[];
    readonly suggestedName: string;
  };
  readonly mcpUrl: string;
  readonly administration?: string | undefined;
  readonly notice?: string | undefined;
  readonly problem?: string | undefined;
}

export function tokenField({ formToken }: Pick<AccountModel, 'formToken'>): Html {
  return html`<input type="hidden" name="form_token" value="${formToken}" />`;
}

/** Tells password managers whose password is asked for. */
export function usernameField({ person }: Pick<AccountModel, 'person'>): Html {
  return html`<input hidden name="username" autocomplete="username" value="${person.email}" />`;
}
