import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import { Answered } from './answered.ts';
import type { Definitions } from './definitions.ts';
import type { Exchange } from './exchange.ts';
import { Recogniser, type UsualMessage } from './recognise.ts';
import { InputNeeded, Rounds } from './rounds.ts';
import type { CallOrigin } from './call-origin.ts';
import type { ResolvedCall, ToolListing } from './tool-catalog.ts';

/** A call that brings answers is none of the usual ones. */
const NOTHING_ANSWERED = new Answered();

export type UsualToolCall = UsualMessage & { readonly method: 'tools/call' };

/**
 * Answers the usual messages without building an SDK server, which costs several times what such an
 * answer costs itself. What the client sees is what the SDK would have answered.
 */
export class DirectAnswers {
  readonly #definitions: Definitions;
  readonly #recogniser = new Recogniser();
  readonly #serverMeta: Readonly<Record<string, unknown>>;
  readonly #modernLists = new WeakMap<ToolListing, string>();

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
    this.#serverMeta = { [SERVER_INFO_META_KEY]: definitions.identity };
  }

  recognise(exchange: Exchange, body: unknown): UsualMessage | undefined {
    return this.#recogniser.recognise(body, {
      accept: exchange.header('accept'),
      protocolVersion: exchange.header('mcp-protocol-version'),
      method: exchange.header('mcp-method'),
      name: exchange.header('mcp-name'),
    });
  }

  /** Answers what needs no work, in whichever revision; whether it did. */
  answerAtOnce(exchange: Exchange, message: UsualMessage): boolean {
    switch (message.method) {
      case 'ping':
        exchange.sendJson(200, resultJson(message.id, '{}'));
        return true;
      case 'tools/list':
        exchange.sendJson(200, resultJson(message.id, this.#list(exchange, message)));
        return true;
      case 'tools/call':
        return false;
    }
  }

  /** What a call that needs nothing of the SDK is about. */
  resolve(message: UsualToolCall): ResolvedCall | undefined {
    const resolved = this.#definitions.tools.resolve(message.name, message.arguments);
    // Whether a call becomes a task is for the SDK's side to see.
    return resolved?.tool.task === 'never' ? resolved : undefined;
  }

  /**
   * Answers a call of revision 2026-07-28; whether it did. Such a call has not asked for progress or log
   * lines, so nothing comes before its result. `bySdk` takes over from a tool that turns out to ask the
   * client something: tools do nothing that cannot be repeated before they ask.
   */
  async call(exchange: Exchange, message: UsualToolCall, bySdk: () => Promise<void>): Promise<void> {
    const resolved = this.resolve(message);
    if (resolved === undefined) {
      await bySdk();
      return;
    }
    const { tool, arguments: args } = resolved;
    exchange.context.tool = tool.name;
    try {
      const result = await this.#definitions.caller.call(tool, args, originOf(exchange, message));
      const complete = { ...result, resultType: 'complete', _meta: { ...result._meta, ...this.#serverMeta } };
      if (!exchange.response.destroyed) {
        exchange.sendJson(200, resultJson(message.id, JSON.stringify(complete)));
      }
    } catch (error) {
      if (!(error instanceof InputNeeded)) throw error;
      await bySdk();
    }
  }

  #list(exchange: Exchange, message: UsualMessage): string {
    const listing = this.#definitions.tools.firstPage(exchange.principal);
    if (message.era === 'legacy') return `{${listing.json}}`;
    const known = this.#modernLists.get(listing);
    if (known !== undefined) return known;
    const rest = JSON.stringify({
      resultType: 'complete',
      ttlMs: this.#definitions.listTtlMs,
      cacheScope: 'private',
      _meta: this.#serverMeta,
    });
    const made = `{${listing.json},${rest.slice(1)}`;
    this.#modernLists.set(listing, made);
    return made;
  }
}

function originOf(exchange: Exchange, message: UsualToolCall): CallOrigin {
  return {
    principal: exchange.principal,
    requestId: exchange.context.id,
    logger: exchange.context.logger,
    trace: exchange.context.trace,
    onCancel: (listener) => exchange.onDisconnect(listener),
    asker: new Rounds(message.capabilities, NOTHING_ANSWERED),
  };
}

function resultJson(id: string | number, result: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
}
