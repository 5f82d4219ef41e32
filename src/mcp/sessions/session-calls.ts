import type { JSONRPCRequest } from '@modelcontextprotocol/server';
import { buildServer, type Definitions } from '../build-server.ts';
import type { DirectAnswers } from '../direct-answer.ts';
import type { Exchange } from '../exchange.ts';
import { isWanted } from '../log-level.ts';
import { peerOfMessage } from '../message-trace.ts';
import { resultIn } from '../older-content.ts';
import type { Peer } from '../peer.ts';
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

  /** Answers what needs no work; whether it did. */
  answerAtOnce(exchange: Exchange, request: Request): boolean {
    const message = this.#parts.direct.recognise(exchange, request);
    return message !== undefined && this.#parts.direct.answerAtOnce(exchange, message);
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
    for (const request of requests) {
      this.#answer(exchange, request, { answer, peer }).catch((error: unknown) => {
        exchange.context.logger.error({ err: error }, 'answer failed');
        exchange.response.destroy();
      });
    }
  }

  async #answer(
    exchange: Exchange,
    request: Request,
    { answer, peer }: { readonly answer: CallAnswer; readonly peer: SessionPeer },
  ): Promise<void> {
    const { direct, definitions } = this.#parts;
    const message = direct.recognise(exchange, request);
    const usual = message?.method === 'tools/call' ? message : undefined;
    const tool = usual && direct.toolOf(usual);
    if (usual === undefined || tool === undefined) {
      await this.#answerBySdk(request, answer, peer);
      return;
    }
    peer.noteTool?.(tool.name);
    const traced = peerOfMessage(peer, request.params?._meta);
    const result = await definitions.caller.call(tool, usual.arguments, originOf(answer, traced));
    const known = resultIn(answer.session.revision, result);
    answer.end(request.id, { jsonrpc: '2.0', id: request.id, result: known });
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
    answer.signal.addEventListener('abort', cancel, { once: true });
    transport.receive(request);
    // Cancelled while the server was made ready.
    if (answer.signal.aborted) cancel();
  }

  #peer(exchange: Exchange, { session, state }: Caller, answer: CallAnswer): SessionPeer {
    const { states } = this.#parts;
    const { principal, context } = exchange;
    return {
      principal,
      requestId: context.id,
      logger: context.logger,
      trace: context.trace,
      noteTool: (name) => {
        context.tool = name;
      },
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

function originOf(answer: CallAnswer, peer: SessionPeer): CallOrigin {
  const { principal, requestId, logger, trace, asker, session } = peer;
  return {
    principal,
    requestId,
    logger,
    trace,
    asker,
    onCancel(listener) {
      const { signal } = answer;
      if (signal.aborted) listener();
      signal.addEventListener('abort', listener, { once: true });
      return () => {
        signal.removeEventListener('abort', listener);
      };
    },
    onLog(level, data) {
      if (isWanted(level, session.logLevel)) {
        answer.tell({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data } });
      }
    },
  };
}
