import * as z from 'zod';
import { randomUUID } from 'node:crypto';
import type { Asker } from './asker.ts';
import { AppError } from './errors.ts';
import type { JsonObject } from './json.ts';

/** What a person is asked for in a form: flat fields of text, numbers, booleans and choices. */
export interface Form<F extends z.ZodObject> {
  readonly message: string;
  /** Each field has a `.describe()` or a `title` in its `.meta()`. */
  readonly fields: F;
}

/** What a person is sent to a page for: what must not pass through the client, such as a sign-in elsewhere. */
export interface Errand {
  readonly message: string;
  readonly url: URL;
}

/** `decline` says no, `cancel` gives no answer (the dialog was closed). */
export type FormAnswer<T> =
  { readonly action: 'accept'; readonly content: T } | { readonly action: 'decline' | 'cancel' };

/** MCP 2026-07-28, client/sampling. */
export interface SamplingRequest {
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: JsonObject }[];
  readonly systemPrompt?: string;
  readonly maxTokens: number;
}

const action = z.enum(['accept', 'decline', 'cancel']);
const formAnswer = z.object({ action, content: z.record(z.string(), z.unknown()).optional() });
const errandAnswer = z.object({ action });
const sample = z.object({
  role: z.enum(['user', 'assistant']),
  content: z.unknown(),
  model: z.string(),
  stopReason: z.string().optional(),
});
const roots = z.object({ roots: z.array(z.object({ uri: z.string(), name: z.string().optional() })) });

export type Sample = z.output<typeof sample>;
export type Root = z.output<typeof roots>['roots'][number];

/**
 * Asks the client's person to fill in a form. `key` is unique within the caller, as for {@link Asker.ask}.
 *
 * @throws AppError `CLIENT_CANNOT_ANSWER`; `INVALID_ARGUMENT` for an answer that does not fit the form
 */
export async function elicit<F extends z.ZodObject>(
  asker: Asker,
  key: string,
  { message, fields }: Form<F>,
): Promise<FormAnswer<z.output<F>>> {
  const params = { mode: 'form', message, requestedSchema: formSchema(fields) };
  const answer = formAnswer.safeParse(await askOne(asker, key, 'elicitation/create', params));
  if (!answer.success) throw unfit(key);
  if (answer.data.action !== 'accept') return { action: answer.data.action };
  const content = fields.safeParse(answer.data.content ?? {});
  if (!content.success) throw unfit(key, z.prettifyError(content.error));
  return { action: 'accept', content: content.data };
}

/**
 * Sends the client's person to a page. `accept` says that the person agreed to open it, not that what is to
 * be done there has been done.
 *
 * @throws AppError `CLIENT_CANNOT_ANSWER`
 */
export async function elicitUrl(
  asker: Asker,
  key: string,
  { message, url }: Errand,
): Promise<'accept' | 'decline' | 'cancel'> {
  // Revision 2025-11-25 demands the id (client/elicitation); later ones do not mind it.
  const params = { mode: 'url', message, url: url.href, elicitationId: randomUUID() };
  const answer = errandAnswer.safeParse(await askOne(asker, key, 'elicitation/create', params));
  if (!answer.success) throw unfit(key);
  return answer.data.action;
}

/** @throws AppError `CLIENT_CANNOT_ANSWER` */
export async function createMessage(asker: Asker, key: string, request: SamplingRequest): Promise<Sample> {
  const answer = sample.safeParse(await askOne(asker, key, 'sampling/createMessage', { ...request }));
  if (!answer.success) throw unfit(key);
  return answer.data;
}

/** @throws AppError `CLIENT_CANNOT_ANSWER` */
export async function listRoots(asker: Asker, key: string): Promise<readonly Root[]> {
  const answer = roots.safeParse(await askOne(asker, key, 'roots/list', {}));
  if (!answer.success) throw unfit(key);
  return answer.data.roots;
}

async function askOne(
  asker: Asker,
  key: string,
  method: 'elicitation/create' | 'sampling/createMessage' | 'roots/list',
  params: JsonObject,
): Promise<unknown> {
  return (await asker.ask({ [key]: { method, params } }))[key];
}

const schemas = new WeakMap<z.ZodObject, JsonObject>();

/** The protocol's restricted schema: an object of primitives and nothing more (client/elicitation). */
function formSchema(fields: z.ZodObject): JsonObject {
  const known = schemas.get(fields);
  if (known !== undefined) return known;
  const { properties = {}, required = [] } = z.toJSONSchema(fields, { io: 'input' });
  const schema: JsonObject = { type: 'object', properties, required };
  schemas.set(fields, schema);
  return schema;
}

function unfit(key: string, detail?: string): AppError {
  const why = detail === undefined ? '' : `: ${detail}`;
  return new AppError('INVALID_ARGUMENT', `The client's answer to "${key}" does not fit the question${why}`);
}
