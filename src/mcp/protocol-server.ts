import {
  type JSONRPCRequest,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { InputNeeded } from './rounds.ts';

type Handler = (request: JSONRPCRequest, context: ServerContext) => Promise<Result>;

/**
 * The SDK's low-level server: the high-level one registers and converts every tool for every instance,
 * cannot page, and turns protocol errors of handlers into tool results.
 */
// eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so for common use, kept for advanced use
export class ProtocolServer extends Server {
  /**
   * The SDK throws its own judgement of a request's parameters without a code, and so answers that the server
   * has failed. Whatever fails in our handlers leaves them as a ProtocolError; everything else is that judgement.
   */
  protected override _wrapHandler(method: string, handler: Handler): Handler {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- see above
    const wrapped = super._wrapHandler(method, handler);
    return async (request, context) => {
      try {
        return await wrapped(request, context);
      } catch (error) {
        if (error instanceof ProtocolError || error instanceof InputNeeded) throw error;
        const why = error instanceof Error ? `: ${error.message}` : '';
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Invalid params${why}`);
      }
    };
  }
}
