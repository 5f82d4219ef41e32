import { ProtocolError, ProtocolErrorCode, type ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { Principal } from '../../core/principal.ts';
import type { Tool } from '../../core/tool.ts';
import { capabilitiesOf, declaresTasks, requireTasks } from './extension.ts';
import type { Tasks } from './tasks.ts';

const namesTask = z.looseObject({ taskId: z.string() });
const schemas = { params: namesTask, result: z.looseObject({}) };

/** The part of the SDK's low-level server that takes methods which are not of the protocol's core. */
interface ExtensibleServer {
  setRequestHandler(
    method: string,
    schemas: { readonly params: typeof namesTask; readonly result: z.ZodObject },
    handler: (params: z.output<typeof namesTask>, context: ServerContext) => Promise<object>,
  ): void;
}

/** Runs the work of a request; what it throws leaves as a protocol error. */
type Guard = <T>(
  handler: ServerContext,
  work: (context: { readonly principal: Principal }) => Promise<T>,
) => Promise<T>;

/** Serves the methods of the extension, to clients that declare it. */
export function serveTasks(server: ExtensibleServer, tasks: Tasks, guard: Guard): void {
  server.setRequestHandler('tasks/get', schemas, ({ taskId }, handler) =>
    guard(handler, async ({ principal }) => {
      requireTasks(handler);
      return { ...(await tasks.get(principal, taskId)) };
    }),
  );
  server.setRequestHandler('tasks/update', schemas, ({ taskId }, handler) =>
    guard(handler, async ({ principal }) => {
      requireTasks(handler);
      // The SDK takes them out of the parameters, as of a request that is sent again with its answers.
      const { inputResponses } = handler.mcpReq;
      if (inputResponses === undefined) {
        throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'tasks/update needs inputResponses');
      }
      await tasks.answer(principal, taskId, inputResponses);
      return {};
    }),
  );
  server.setRequestHandler('tasks/cancel', schemas, ({ taskId }, handler) =>
    guard(handler, async ({ principal }) => {
      requireTasks(handler);
      await tasks.cancel(principal, taskId);
      return {};
    }),
  );
}

/**
 * Whether the call is answered with a task.
 *
 * @throws MissingRequiredClientCapabilityError for a tool that runs in no other way
 */
export function runsAsTask(tool: Tool, context: ServerContext): boolean {
  if (tool.task === 'required') requireTasks(context);
  return tool.task !== 'never' && declaresTasks(capabilitiesOf(context));
}
