/** What a scope lets a client do, and which other scopes it includes. */
interface ScopeDefinition {
  /** Completes the sentence "This application will be able to …" on the consent page. */
  readonly words: string;
  /** Scopes that holding this one grants as well. */
  readonly implies: readonly string[];
}

/**
 * Every scope that Fairlead knows. Names are permanent: they stand in tokens, in consents and in
 * operators' configuration. Scopes whose tools are not part of this build are reserved here, so that
 * nothing else can take their names.
 */
export const SCOPES = {
  'files:read': { words: 'read and search the files of the workspace', implies: [] },
  'files:write': { words: 'create and change files in the workspace', implies: ['files:read'] },
  'files:delete': { words: 'move files of the workspace to the trash', implies: ['files:read'] },
  'data:read': { words: 'query the data sources that the operator has connected', implies: [] },
  'data:write': {
    words: 'change rows in the data sources that the operator has opened',
    implies: ['data:read'],
  },
  'web:fetch': { words: 'fetch public web pages through this server', implies: [] },
  'web:call': { words: 'call the web services that the operator has configured', implies: [] },
  'jobs:read': { words: 'see the jobs that the operator has approved, and their results', implies: [] },
  'jobs:run': { words: 'run the jobs that the operator has approved', implies: ['jobs:read'] },
} as const satisfies Record<string, ScopeDefinition>;

export type Scope = keyof typeof SCOPES;

export const ALL_SCOPES: readonly Scope[] = Object.keys(SCOPES) as Scope[];

export function isScope(name: string): name is Scope {
  return Object.hasOwn(SCOPES, name);
}

/**
 * A set of granted scopes. Interned: equal sets are the same object, so a set can key a cache of what
 * its holders may see. Unknown names are dropped, which bounds the number of different sets.
 */
export class ScopeSet {
  static readonly #interned = new Map<string, ScopeSet>();
  /** The scopes as granted, sorted, without those that are only implied. */
  readonly granted: readonly Scope[];
  readonly #effective: ReadonlySet<Scope>;

  private constructor(granted: readonly Scope[]) {
    this.granted = granted;
    this.#effective = new Set(granted.flatMap((scope) => [scope, ...SCOPES[scope].implies]));
  }

  static of(names: Iterable<string>): ScopeSet {
    const granted = [...new Set(names)].filter(isScope).sort();
    const key = granted.join(' ');
    const known = ScopeSet.#interned.get(key);
    if (known) return known;
    const created = new ScopeSet(granted);
    ScopeSet.#interned.set(key, created);
    return created;
  }

  /** Reads the `scope` value of OAuth: names separated by spaces (RFC 6749 §3.3). */
  static parse(scope: string): ScopeSet {
    return ScopeSet.of(scope.split(' '));
  }

  /** Whether the scope is granted, directly or by a scope that includes it. */
  has(scope: Scope): boolean {
    return this.#effective.has(scope);
  }

  hasAll(scopes: readonly Scope[]): boolean {
    return scopes.every((scope) => this.#effective.has(scope));
  }

  /**
   * What is granted by both sets, a scope that only another one includes as well: of `files:write` and
   * `files:read` that is `files:read`.
   */
  both(other: ScopeSet): ScopeSet {
    const common = ALL_SCOPES.filter((scope) => this.has(scope) && other.has(scope));
    // Named where this set names it, or where nothing else that is common includes it.
    return ScopeSet.of(
      common.filter(
        (scope) => this.granted.includes(scope) || !common.some((wider) => includes(wider, scope)),
      ),
    );
  }

  /** The granted names separated by spaces, as OAuth writes them. */
  toString(): string {
    return this.granted.join(' ');
  }
}

function includes(wider: Scope, scope: Scope): boolean {
  const { implies }: ScopeDefinition = SCOPES[wider];
  return implies.includes(scope);
}
