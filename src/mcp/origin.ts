import { CLIENT_CAPABILITIES_META_KEY, type ServerContext } from '@modelcontextprotocol/server';
import type { Asker } from '../core/asker.ts';
import type { JsonObject } from '../core/json.ts';
import type { Answered } from './answered.ts';
import { ClientAsker } from './client-asker.ts';
import { isWanted } from './log-level.ts';
import { peerOfMessage } from './message-trace.ts';
import type { Peer } from './peer.ts';
import { Rounds } from './rounds.ts';
import type { CallOrigin, LogLevel } from './call-origin.ts';

/** What a request of the SDK's is to a call: where it came from, and how it is told of what happens meanwhile. */
export interface Incoming {
  readonly peer: Peer;
  readonly context: ServerContext;
  /** What the client has answered in rounds of the same call. */
  readonly answered: Answered;
  /** What the client declared for its session; revision 2026-07-28 declares it with every request instead. */
  readonly sessionCapabilities: () => JsonObject;
  /** How long a person may think about a question, where the call waits for the answer. */
  readonly askTimeoutMs: number;
}

/** How the request asks back, by rounds or at once, as its revision has it. */
function askerOf({ peer, context, answered, sessionCapabilities, askTimeoutMs }: Incoming): Asker {
  if (peer.asker !== undefined) return peer.asker;
  const { mcpReq } = context;
  const envelope: Readonly<Record<string, unknown>> | undefined = mcpReq.envelope;
  if (envelope === undefined) return new ClientAsker(sessionCapabilities(), mcpReq, askTimeoutMs);
  const capabilities = envelope[CLIENT_CAPABILITIES_META_KEY];
  return new Rounds(isObject(capabilities) ? capabilities : {}, answered);
}

export function originOf(incoming: Incoming): CallOrigin {
  const { context } = incoming;
  const { signal, _meta: meta } = context.mcpReq;
  const peer = peerOfMessage(incoming.peer, meta);
  const progressToken = meta?.progressToken;
  const notify = (method: string, params: JsonObject): void => {
    // A notification that cannot be delivered any more is no fault of the call.
    context.mcpReq.notify({ method, params }).catch((error: unknown) => {
      peer.logger.debug({ err: error }, 'notification dropped');
    });
  };
  return {
    principal: peer.principal,
    requestId: peer.requestId,
    logger: peer.logger,
    trace: peer.trace,
    asker: askerOf(incoming),
    onCancel(listener) {
      if (signal.aborted) listener();
      signal.addEventListener('abort', listener, { once: true });
      return () => {
        signal.removeEventListener('abort', listener);
      };
    },
    onLog: logging(incoming, notify),
    ...(progressToken === undefined
      ? {}
      : {
          onProgress(progress: number, total?: number, message?: string) {
            notify('notifications/progress', {
              progressToken,
              progress,
              ...(total === undefined ? {} : { total }),
              ...(message === undefined ? {} : { message }),
            });
          },
        }),
  };
}

function logging(
  { peer, context }: Incoming,
  notify: (method: string, params: JsonObject) => void,
): (level: LogLevel, data: unknown) => void {
  const { session } = peer;
  if (session !== undefined && context.mcpReq.envelope === undefined) {
    return (level, data) => {
      if (isWanted(level, session.logLevel)) notify('notifications/message', { level, data });
    };
  }
  // Revision 2026-07-28 sends what the request itself asks for: the SDK knows.
  return (level, data) => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- clients of every served revision still offer it
    context.mcpReq.log(level, data).catch((error: unknown) => {
      peer.logger.debug({ err: error }, 'log line dropped');
    });
  };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null;
}
