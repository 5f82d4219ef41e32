/** The pages that people meet, as functions from what they say to HTML. The pages feature has them. */
export interface AuthPages {
  login(model: LoginPage): string;
  consent(model: ConsentPage): string;
  setup(model: SetupPage): string;
  account(model: AccountPage): string;
  error(model: ErrorPage): string;
}

/** A form that is sent to this server. */
interface Form {
  /** Path to post to. */
  readonly action: string;
  /** To be sent along as `form_token`. */
  readonly formToken: string;
}

interface LoginPage extends Form {
  /** Who asked for the sign-in; absent where the person came on their own. */
  readonly client?: string | undefined;
  readonly email?: string | undefined;
  /** Why the last attempt failed, for people. */
  readonly problem?: string | undefined;
}

/** Where people go after consent. */
export interface RedirectTarget {
  readonly kind: 'web' | 'loopback' | 'app';
  /** Host and port, or the scheme of an app. */
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
  /** What it asked for and this account may not allow. */
  readonly withheld: readonly ScopeLine[];
  /** Whether the client can renew its access while the person is away. */
  readonly offline: boolean;
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

interface AccountPage extends Form {
  readonly person: Person;
  readonly grants: readonly AccountPageGrant[];
  readonly mcpUrl: string;
  /** What was just done, for people. */
  readonly notice?: string | undefined;
}

interface AccountPageGrant {
  readonly gid: string;
  readonly clientName: string;
  readonly clientHost: string;
  readonly allowedAt: Date;
  readonly scopes: readonly ScopeLine[];
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
