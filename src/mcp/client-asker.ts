import { ProtocolError, SdkError, SdkErrorCode, type ServerContext } from '@modelcontextprotocol/server';
import type { Asker, ClientRequest } from '../core/asker.ts';
import { AppError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { canAnswer, requireAnswerable } from './capabilities.ts';

/** The questions of a call to clients before revision 2026-07-28: requests of the server's own, on the call's stream. */
export class ClientAsker implements Asker {
  readonly #capabilities: JsonObject;
  readonly #request: ServerContext['mcpReq'];
  readonly #timeoutMs: number;

  /** `timeoutMs`: how long a person may think. */
  constructor(capabilities: JsonObject, request: ServerContext['mcpReq'], timeoutMs: number) {
    this.#capabilities = capabilities;
    this.#request = request;
    this.#timeoutMs = timeoutMs;
  }

  canAsk(method: ClientRequest['method'], mode?: 'form' | 'url'): boolean {
    return canAnswer(this.#capabilities, method, mode);
  }

  async ask(requests: Readonly<Record<string, ClientRequest>>): Promise<Readonly<Record<string, unknown>>> {
    requireAnswerable(this.#capabilities, requests);
    const answers = Object.entries(requests).map(async ([key, request]): Promise<[string, unknown]> => [
      key,
      await this.#ask(request),
    ]);
    return Object.fromEntries(await Promise.all(answers));
  }

  async #ask({ method, params }: ClientRequest): Promise<unknown> {
    try {
      return await this.#request.send(
        { method, params: { ...params } },
        { signal: this.#request.signal, timeout: this.#timeoutMs },
      );
    } catch (error) {
      throw refusal(error, method);
    }
  }
}

function refusal(error: unknown, method: string): unknown {
  if (error instanceof ProtocolError) {
    return new AppError('CLIENT_CANNOT_ANSWER', `The client refused ${method}: ${error.message}`, {
      cause: error,
    });
  }
  if (error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout) {
    return new AppError('TIMEOUT', `The client has not answered ${method} in time.`, { cause: error });
  }
  return error;
}
