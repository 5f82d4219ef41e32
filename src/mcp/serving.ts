import {
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type InputRequiredResult,
  MissingRequiredClientCapabilityError,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { JsonObject } from '../core/json.ts';
import type { ResourceContext } from '../core/resource.ts';
import { Answered } from './answered.ts';
import { capabilitiesIn, missingIn } from './capabilities.ts';
import type { Definitions } from './definitions.ts';
import { peerOfMessage } from './message-trace.ts';
import { type Incoming, originOf } from './origin.ts';
import type { Peer } from './peer.ts';
import { protocolError } from './protocol-error.ts';
import type { ProtocolServer } from './protocol-server.ts';
import type { Counting } from './request-state.ts';
import { InputNeeded } from './rounds.ts';
import type { RunningCall } from './running-call.ts';

/** Milliseconds for what is not a tool call, and has no deadline of its own. */
const TIMEOUT_MS = 60_000;

/** What the handlers of one SDK server are made with. */
export interface Serving {
  readonly server: ProtocolServer;
  readonly definitions: Definitions;
  readonly peer: Peer;
  readonly guard: Guard;
}

export function incoming(
  { server, definitions, peer }: Serving,
  context: ServerContext,
  answered: Answered,
): Incoming {
  return {
    peer,
    context,
    answered,
    /* eslint-disable @typescript-eslint/no-deprecated -- asked only where a session has declared them */
    sessionCapabilities: () => capabilitiesIn(revisionOf(server), { ...server.getClientCapabilities() }),
    /* eslint-enable @typescript-eslint/no-deprecated */
    askTimeoutMs: definitions.askTimeoutMs,
  };
}

export function revisionOf(server: ProtocolServer): string {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- there is no other way to know it in both eras
  return server.getNegotiatedProtocolVersion() ?? '';
}

/** A call that may have to ask. */
interface Asking {
  readonly name: string;
  readonly arguments?: JsonObject | undefined;
  /** What answers to it need to count. */
  readonly counting: Counting;
}

/** Answers a call that has to ask first with its questions, and with what it needs to be run again. */
export async function inRounds<T>(
  { definitions: { requestState }, peer: { principal } }: Serving,
  { mcpReq }: ServerContext,
  { name, arguments: values, counting }: Asking,
  work: (answered: Answered) => Promise<T>,
): Promise<T | InputRequiredResult> {
  const { subject, clientId } = principal;
  const binding = { subject, clientId, method: mcpReq.method, target: name, arguments: values };
  const brought = { state: mcpReq.requestState<string>(), responses: mcpReq.inputResponses };
  const answered = await requestState.read(brought, binding, counting);
  try {
    return await work(answered);
  } catch (error) {
    if (!(error instanceof InputNeeded)) throw error;
    const envelope: Readonly<Record<string, unknown>> | undefined = mcpReq.envelope;
    const declared = envelope?.[CLIENT_CAPABILITIES_META_KEY];
    const missing = missingIn((declared ?? {}) as JsonObject, error.requests);
    // The SDK would name the first of them only.
    if (missing !== undefined)
      throw new MissingRequiredClientCapabilityError({ requiredCapabilities: missing });
    const state = await requestState.mint(error.requests, answered, binding);
    // The methods of a ClientRequest are those of an InputRequest; its parameters are the protocol's own.
    const inputRequests = error.requests as NonNullable<InputRequiredResult['inputRequests']>;
    return inputRequired({ inputRequests, requestState: state });
  }
}

/** Runs the work of a request other than a tool call; what it throws leaves as a protocol error. */
export type Guard = <T>(
  handler: ServerContext,
  work: (context: ResourceContext) => Promise<T> | T,
  uri?: string,
) => Promise<T>;

export function guardOf(peer: Peer): Guard {
  return async (handler, work, uri) => {
    try {
      return await work({ principal: peer.principal, signal: handler.mcpReq.signal });
    } catch (error) {
      const { requestId, logger } = peerOfMessage(peer, handler.mcpReq._meta);
      throw protocolError(error, {
        requestId,
        logger,
        ...(uri === undefined ? {} : { uri }),
      });
    }
  };
}

interface Work<T> {
  /** The resource that it is about. */
  readonly uri?: string;
  readonly answered?: Answered;
  /** Whether it is a call to the limits of the policy. */
  readonly counts?: true;
  run(call: RunningCall): Promise<T>;
}

/**
 * As a {@link Guard}, for work that takes time: among the tool calls it has its place, its deadline, and its
 * end when the authority is revoked.
 */
export function inPlace<T>(serving: Serving, handler: ServerContext, work: Work<T>): Promise<T> {
  const { answered = new Answered(), uri, counts } = work;
  const { meter, calls } = serving.definitions;
  const start = async ({ principal }: ResourceContext): Promise<T> => {
    if (counts === true) await meter.begin(principal);
    const origin = originOf(incoming(serving, handler, answered));
    return calls.run(origin, TIMEOUT_MS, (call) => work.run(call));
  };
  return serving.guard(handler, start, uri);
}
