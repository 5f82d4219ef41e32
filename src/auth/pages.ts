import type { AdminPage, ConfirmPage, SetPasswordPage } from './admin-pages.ts';

/** The pages that people meet, as functions from what they say to HTML. The pages feature has them. */
export interface AuthPages {
  login(model: LoginPage): string;
  consent(model: ConsentPage): string;
  setup(model: SetupPage): string;
  account(model: AccountPage): string;
  device(model: DevicePage): string;
  error(model: ErrorPage): string;
  admin(model: AdminPage): string;
  confirm(model: ConfirmPage): string;
  setPassword(model: SetPasswordPage): string;
  /** Path of the script that pages with passkeys load. */
  readonly scriptPath: string;
}

/** A form that is sent to this server. */
interface Form {
  /** Path to post to. */
  readonly action: string;
  /** To be sent along as `form_token`. */
  readonly formToken: string;
}

/** Identity providers to choose from. */
interface LoginProviders {
  /** Path to post the id of the chosen one to, as `provider`. */
  readonly action: string;
  readonly choices: readonly { readonly id: string; readonly name: string }[];
}

/** What an application asks for: people read it before they leave for an identity provider. */
interface LoginRequest {
  /** The host that vouches for the name: that of the client's metadata document. */
  readonly verifiedHost?: string | undefined;
  readonly redirect: RedirectTarget;
  readonly scopes: readonly ScopeLine[];
}

interface LoginPage extends Form {
  /** Who asked for the sign-in; absent where the person came on their own. */
  readonly client?: string | undefined;
  readonly email?: string | undefined;
  /** Why the last attempt failed, for people. */
  readonly problem?: string | undefined;
  /** Absent where people have their accounts here; otherwise the password is for the owner alone. */
  readonly providers?: LoginProviders | undefined;
  /** Given along with `client` and `providers`. */
  readonly request?: LoginRequest | undefined;
  /** Path to post the answer of a passkey to; its challenge is below, at `/options`. Absent where there are none. */
  readonly passkey?: string | undefined;
}

/** Where people go after consent. */
export interface RedirectTarget {
  readonly kind: 'web' | 'loopback' | 'app' | 'device';
  /** Host and port, the scheme of an app, or "a device". */
  readonly name: string;
}

export interface ConsentPage extends Form {
  readonly client: {
    readonly name: string;
    /** The host that vouches for the name: that of the client's metadata document. */
    readonly verifiedHost?: string | undefined;
  };
  readonly redirect: RedirectTarget;
  readonly person: Person;
  /** What the client asked for and gets; each completes "This application will be able to …". */
  readonly granted: readonly ScopeLine[];
  /** Those of `granted` that it has already, where there are others; empty otherwise. */
  readonly held: readonly ScopeLine[];
  /** What it asked for and this account may not allow. */
  readonly withheld: readonly ScopeLine[];
  /** Whether the client can renew its access while the person is away. */
  readonly offline: boolean;
  /** How long a consent holds that is given for once (`remember` is not `yes`). */
  readonly onceSeconds: number;
  /** How long one holds at most that the person is to take back (`remember` is `yes`). */
  readonly lastingSeconds: number;
}

export interface ScopeLine {
  readonly name: string;
  readonly words: string;
}

interface Person {
  readonly name: string;
  readonly email: string;
}

interface SetupPage extends Form {
  readonly email?: string | undefined;
  readonly name?: string | undefined;
  readonly minPasswordLength: number;
  readonly problem?: string | undefined;
}

/** Forms post to paths below `action`. */
interface AccountPage extends Form {
  readonly person: Person;
  readonly grants: readonly AccountPageGrant[];
  /** The one of this browser first, then the newest. */
  readonly sessions: readonly AccountPageSession[];
  readonly password: AccountPagePassword;
  readonly passkeys: AccountPagePasskeys;
  readonly mcpUrl: string;
  /** Path of the administration, for who may go there. */
  readonly administration?: string | undefined;
  /** What was just done, for people. */
  readonly notice?: string | undefined;
  /** Why what was asked for was not done, for people. */
  readonly problem?: string | undefined;
}

interface AccountPageGrant {
  readonly gid: string;
  readonly clientName: string;
  readonly clientHost: string;
  /** Whether the host vouches for the name; otherwise it is where people return after sign-in. */
  readonly published: boolean;
  readonly allowedAt: Date;
  /** When a token was last issued; undefined where that was not noted. */
  readonly lastUsedAt?: Date | undefined;
  readonly expiresAt?: Date | undefined;
  readonly scopes: readonly ScopeLine[];
}

interface AccountPageSession {
  readonly uid: string;
  /** Whether it is the session of this very browser. */
  readonly current: boolean;
  /** The browser and its system, as far as they can be told. */
  readonly agent: string;
  readonly address?: string | undefined;
  readonly signedInAt: Date;
}

interface AccountPagePassword {
  /** Without one, somebody else keeps the person's password. */
  readonly has: boolean;
  /** Whether the person is about to change it. */
  readonly open: boolean;
  readonly minLength: number;
}

interface AccountPagePasskeys {
  /**
   * `add`: one can be added. `confirm`: after the password was given again. `sign-in-again`: after a new
   * sign-in. `full`: there are as many as there can be. `none`: this account, or this server, has none.
   */
  readonly state: 'add' | 'confirm' | 'sign-in-again' | 'full' | 'none';
  readonly list: readonly AccountPagePasskey[];
  /** What a new one is called, until the person says otherwise. */
  readonly suggestedName: string;
}

interface AccountPagePasskey {
  /** Names it in forms. */
  readonly handle: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly lastUsedAt?: Date | undefined;
}

interface ErrorPage {
  /** HTTP status. */
  readonly status: number;
  /** The error's name, for who looks it up. */
  readonly code: string;
  /** A sentence for the person. */
  readonly message: string;
  /** What the person can do about it, where there is something. */
  readonly next: string | undefined;
  /** Helps the operator find the log lines. */
  readonly requestId: string;
}

/** The way of a person who connects a device (RFC 8628): enter a code, confirm it, and be told how it ended. */
export type DevicePage =
  | DeviceCodeForm
  | DeviceConfirmation
  | {
      readonly step: 'allowed' | 'denied';
      readonly client: string | undefined;
    };

/** Its token is sent along as `xsrf`. */
interface DeviceCodeForm extends Form {
  readonly step: 'enter';
  readonly userCode: string | undefined;
  /** Why the last code was of no use, for people. */
  readonly problem: string | undefined;
}

/** Its token is sent along as `xsrf`, with `user_code` and either `confirm` or `abort`. */
interface DeviceConfirmation extends Form {
  readonly step: 'confirm';
  /** As the device must show it. */
  readonly userCode: string;
  readonly client: ConsentPage['client'];
  /** Who asked for the code. */
  readonly device: {
    readonly address: string;
    /** Foreign text; may be empty. */
    readonly userAgent: string;
    /** Whether that is another network than the person's own. */
    readonly elsewhere: boolean;
  };
}
