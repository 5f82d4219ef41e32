/**
 * `fairlead/testing`: calls a tool without a server, for the tests of a team's own tools. Nothing here checks
 * scopes or policy: that is the server's part.
 */
import { OutputBudget } from './core/budget.ts';
import { UNRESTRICTED } from './core/permit.ts';
import { ALL_SCOPES, ScopeSet } from './core/scopes.ts';
import type { Logger } from './core/telemetry.ts';
import type { Tool, ToolCall, ToolResult } from './core/tool.ts';
import type { ToolCache, ToolContext } from './core/tool-context.ts';

/**
 * The result of a call, or the `AppError` that it ends with. The caller may do everything, nobody answers
 * questions, and `fetch` is the platform's own, which reaches loopback too; redirects are answered here as well.
 *
 * @param parts What the call is to have instead: a `fetch` of the test, a `signal`, a `budget`
 */
export async function callTool(
  tool: Tool,
  args: unknown,
  parts: Partial<ToolCall> = {},
): Promise<ToolResult> {
  return await tool.bind(args)({
    ...CALL,
    budget: new OutputBudget(),
    signal: new AbortController().signal,
    ...parts,
  });
}

/** What a tool file's function is handed; caches keep for ever, and there is no store and there are no files. */
export function toolContext(parts: Partial<ToolContext> = {}): ToolContext {
  return {
    settings: {},
    secrets: {},
    logger: silent,
    fetch: globalThis.fetch,
    files: FILES,
    store: STORE,
    cache: <V>(): ToolCache<V> => {
      const values = new Map<string, V>();
      return {
        get: (key) => values.get(key),
        set: (key, value) => {
          values.set(key, value);
        },
        delete: (key) => {
          values.delete(key);
        },
      };
    },
    ...parts,
  };
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent,
};

const FILES: ToolContext['files'] = {
  open: () => nobody('has brought files'),
  find: () => nobody('has brought files'),
  writeSheet: () => nobody('has brought files'),
  draft: () => nobody('has brought files'),
};

const STORE: ToolContext['store'] = {
  get: () => nobody('has brought a store'),
  put: () => nobody('has brought a store'),
  swap: () => nobody('has brought a store'),
  take: () => nobody('has brought a store'),
  increment: () => nobody('has brought a store'),
};

const CALL: Omit<ToolCall, 'budget' | 'signal'> = {
  principal: {
    subject: 'test-subject',
    clientId: 'test-client',
    scopes: ScopeSet.of(ALL_SCOPES),
    permit: UNRESTRICTED,
    authority: 'test',
    expiresAt: Number.MAX_SAFE_INTEGER,
  },
  trace: undefined,
  logger: silent,
  fetch: (input, init) => globalThis.fetch(input, { ...init, redirect: 'manual' }),
  progress: () => undefined,
  log: () => undefined,
  keep: () => nobody('keeps anything'),
  canAsk: () => false,
  ask: () => nobody('answers'),
  elicit: () => nobody('answers'),
  elicitUrl: () => nobody('answers'),
  createMessage: () => nobody('answers'),
  listRoots: () => nobody('answers'),
};

function nobody(does: string): Promise<never> {
  return Promise.reject(new Error(`Nobody ${does} in this test: hand in a part that does`));
}
