import type { JSONRPCRequest } from '@modelcontextprotocol/server';
import { buildServer } from '../build-server.ts';
import type { Definitions } from '../definitions.ts';
import type { DirectAnswers, UsualToolCall } from '../direct-answer.ts';
import type { Exchange } from '../exchange.ts';
import { isWanted } from '../log-level.ts';
import { resultIn } from '../older-content.ts';
import type { Peer } from '../peer.ts';
import { peerOf } from '../sdk-bridge.ts';
import type { CallOrigin } from '../call-origin.ts';
import { type AnswerParts, CallAnswer } from './call-answer.ts';
import type { NotificationParts } from './notification-stream.ts';
import type { Session, SessionTokens } from './session.ts';
import { type AskerParts, SessionAsker } from './session-asker.ts';
import type { SessionState } from './session-state.ts';
import { SessionTransport } from './session-transport.ts';

export type Request = JSONRPCRequest;

export interface SessionParts extends AnswerParts, NotificationParts, AskerParts {
  readonly definitions: Definitions;
  readonly direct: DirectAnswers;
  readonly tokens: SessionTokens;
}

interface Caller {
  readonly session: Session;
  readonly state: SessionState;
}

/** The peer of a session asks and logs. */
type SessionPeer = Peer & Required<Pick<Peer, 'asker' | 'session'>>;

/** Runs the requests of sessions. */
export class SessionCalls {
  readonly #parts: SessionParts;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Answers the requests of one POST in its own time. */
  run(
    exchange: Exchange,
    caller: Caller,
    { requests, isBatch }: { readonly requests: readonly Request[]; readonly isBatch: boolean },
  ): void {
    const ids = requests.map(({ id }) => id);
    const answer = new CallAnswer(this.#parts, exchange, caller.session, { ids, isBatch });
    const peer = this.#peer(exchange, caller, answer);
    for (const request of requests) guarded(exchange, this.#answerBySdk(request, answer, peer));
  }

  /** Answers a call that needs nothing of the SDK. */
  runUsual(exchange: Exchange, caller: Caller, message: UsualToolCall): void {
    const answer = new CallAnswer(this.#parts, exchange, caller.session, {
      ids: [message.id],
      isBatch: false,
    });
    const peer = this.#peer(exchange, caller, answer);
    guarded(exchange, this.#answerUsual(message, answer, peer));
  }

  async #answerUsual(message: UsualToolCall, answer: CallAnswer, peer: SessionPeer): Promise<void> {
    const { direct, definitions } = this.#parts;
    const { id, name, arguments: args } = message;
    const resolved = direct.resolve(message);
    if (resolved === undefined) {
      const params = { name, ...(args === undefined ? {} : { arguments: args }) };
      await this.#answerBySdk({ jsonrpc: '2.0', id, method: message.method, params }, answer, peer);
      return;
    }
    const { tool } = resolved;
    peer.noteTool?.(tool.name);
    const result = await definitions.caller.call(tool, resolved.arguments, originOf(answer, peer));
    answer.end(id, { jsonrpc: '2.0', id, result: resultIn(answer.session.revision, result) });
  }

  async #answerBySdk(request: Request, answer: CallAnswer, peer: Peer): Promise<void> {
    const server = buildServer(this.#parts.definitions, peer);
    const transport = new SessionTransport(answer);
    await server.connect(transport);
    await transport.seed();
    const cancel = (): void => {
      transport.receive({
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: request.id },
      });
    };
    transport.receive(request);
    // At once, where it was cancelled while the server was made ready.
    answer.onCancel(cancel);
  }

  #peer(exchange: Exchange, { session, state }: Caller, answer: CallAnswer): SessionPeer {
    const { states } = this.#parts;
    return {
      ...peerOf(exchange),
      isAcquainted: true,
      asker: new SessionAsker(this.#parts, answer),
      session: {
        logLevel: state.logLevel,
        setLogLevel: (level) => states.setLogLevel(session, level),
        subscribe: (uri) => states.subscribe(session, uri),
        unsubscribe: (uri) => states.unsubscribe(session, uri),
      },
    };
  }
}

function guarded(exchange: Exchange, work: Promise<void>): void {
  work.catch((error: unknown) => {
    exchange.context.logger.error({ err: error }, 'answer failed');
    exchange.response.destroy();
  });
}

function originOf(answer: CallAnswer, peer: SessionPeer): CallOrigin {
  const { principal, requestId, logger, trace, asker, session } = peer;
  return {
    principal,
    requestId,
    logger,
    trace,
    asker,
    onCancel: (listener) => answer.onCancel(listener),
    onLog(level, data) {
      if (isWanted(level, session.logLevel)) {
        answer.tell({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data } });
      }
    },
  };
}
