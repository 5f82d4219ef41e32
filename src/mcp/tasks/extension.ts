import {
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import type { JsonObject } from '../../core/json.ts';

/** The tasks extension (SEP-2663), which revision 2026-07-28 knows and earlier ones do not. */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

const object = z.record(z.string(), z.unknown()).catch({});
const listening = z.object({
  params: z.object({
    _meta: z.object({ [CLIENT_CAPABILITIES_META_KEY]: object }).optional(),
    notifications: z.object({ taskIds: z.array(z.string()).catch([]) }),
  }),
});

/** What a request declares that its client can do; nothing in revisions that declare it for a session. */
export function capabilitiesOf({ mcpReq }: ServerContext): JsonObject {
  const envelope: JsonObject | undefined = mcpReq.envelope;
  return object.parse(envelope?.[CLIENT_CAPABILITIES_META_KEY]);
}

/** Every request declares the extension anew: an earlier declaration does not count ("Capability Negotiation"). */
export function declaresTasks({ extensions }: JsonObject): boolean {
  const declared = object.parse(extensions)[TASKS_EXTENSION];
  return typeof declared === 'object' && declared !== null;
}

/** @throws MissingRequiredClientCapabilityError (−32021, status 400) */
export function requireTasks(context: ServerContext): void {
  if (!declaresTasks(capabilitiesOf(context))) throw undeclared();
}

/**
 * The tasks that a `subscriptions/listen` asks to be told of ("Task Status Notifications").
 *
 * @throws MissingRequiredClientCapabilityError (−32021)
 */
export function followedIn(message: unknown): readonly string[] {
  const { data } = listening.safeParse(message);
  const taskIds = data?.params.notifications.taskIds ?? [];
  if (taskIds.length > 0 && !declaresTasks(data?.params._meta?.[CLIENT_CAPABILITIES_META_KEY] ?? {})) {
    throw undeclared();
  }
  return taskIds;
}

function undeclared(): MissingRequiredClientCapabilityError {
  return new MissingRequiredClientCapabilityError(
    { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } },
    `This needs a client that declares the extension ${TASKS_EXTENSION}`,
  );
}
