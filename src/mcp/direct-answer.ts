import { SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { Definitions } from './build-server.ts';
import type { CallResult } from './call-result.ts';
import type { Exchange } from './exchange.ts';
import { Recogniser, type UsualMessage } from './recognise.ts';
import { InputNeeded, noAsker, Rounds } from './rounds.ts';
import { StreamableAnswer } from './streamable-answer.ts';
import type { ToolListing } from './tool-catalog.ts';

/**
 * Answers the usual messages without building an SDK server, which costs several times what such an
 * answer costs itself. What the client sees is what the SDK would have answered.
 */
export class DirectAnswers {
  readonly #definitions: Definitions;
  readonly #onStream: () => () => void;
  readonly #recogniser = new Recogniser();
  readonly #serverMeta: Readonly<Record<string, unknown>>;
  readonly #modernLists = new WeakMap<ToolListing, string>();

  /** `onStream` counts an event stream until what it answers is called. */
  constructor(definitions: Definitions, onStream: () => () => void) {
    this.#definitions = definitions;
    this.#onStream = onStream;
    this.#serverMeta = { [SERVER_INFO_META_KEY]: definitions.identity };
  }

  /**
   * Answers the message if it is a usual one; whether it was. `bySdk` takes over from a tool that turns out
   * to ask the client something: tools do nothing that cannot be repeated before they ask.
   */
  answer(exchange: Exchange, body: unknown, bySdk: () => Promise<void>): boolean {
    const message = this.#recogniser.recognise(body, {
      accept: exchange.header('accept'),
      protocolVersion: exchange.header('mcp-protocol-version'),
      method: exchange.header('mcp-method'),
      name: exchange.header('mcp-name'),
    });
    if (message === undefined) return false;
    switch (message.method) {
      case 'ping':
        exchange.sendJson(200, resultJson(message.id, '{}'));
        return true;
      case 'tools/list':
        exchange.sendJson(200, resultJson(message.id, this.#list(exchange, message)));
        return true;
      case 'tools/call':
        return this.#call(exchange, message, bySdk);
    }
  }

  #list(exchange: Exchange, message: UsualMessage): string {
    const listing = this.#definitions.tools.visibleTo(exchange.principal.scopes);
    if (message.era === 'legacy') return `{"tools":${listing.json}}`;
    const known = this.#modernLists.get(listing);
    if (known !== undefined) return known;
    const rest = JSON.stringify({
      resultType: 'complete',
      ttlMs: this.#definitions.listTtlMs,
      cacheScope: 'private',
      _meta: this.#serverMeta,
    });
    const made = `{"tools":${listing.json},${rest.slice(1)}`;
    this.#modernLists.set(listing, made);
    return made;
  }

  #call(
    exchange: Exchange,
    message: UsualMessage & { method: 'tools/call' },
    bySdk: () => Promise<void>,
  ): boolean {
    const tool = this.#definitions.tools.find(message.name);
    if (tool === undefined) return false;
    exchange.context.tool = tool.name;
    const answer = new StreamableAnswer(exchange, this.#onStream);
    this.#definitions.caller
      .call(tool, message.arguments, {
        principal: exchange.principal,
        requestId: exchange.context.id,
        logger: exchange.context.logger,
        onCancel: (listener) => exchange.onDisconnect(listener),
        asker: message.era === 'modern' ? new Rounds(message.capabilities, {}) : noAsker,
        // Revision 2026-07-28 sends log lines only where a request asks for them, which is not usual.
        ...(message.era === 'modern'
          ? {}
          : {
              onLog: (level, data) => {
                answer.notify('notifications/message', { level, data });
              },
            }),
      })
      .then((result) => {
        answer.end(resultJson(message.id, JSON.stringify(this.#complete(result, message))));
      })
      .catch((error: unknown) => (error instanceof InputNeeded ? bySdk() : Promise.reject(error as Error)))
      .catch((error: unknown) => {
        exchange.context.logger.error({ err: error }, 'answer failed');
        exchange.response.destroy();
      });
    return true;
  }

  #complete(result: CallResult, message: UsualMessage): object {
    if (message.era === 'legacy') return result;
    return { ...result, resultType: 'complete', _meta: { ...result._meta, ...this.#serverMeta } };
  }
}

function resultJson(id: string | number, result: string): string {
  return `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
}
