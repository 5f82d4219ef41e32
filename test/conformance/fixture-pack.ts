import { setTimeout as delay } from 'node:timers/promises';
import type { ClientRequest } from '../../src/core/asker.ts';
import { type Content, text } from '../../src/core/content.ts';
import { AppError } from '../../src/core/errors.ts';
import type { Prompt } from '../../src/core/prompt.ts';
import type { ResourceProvider } from '../../src/core/resource.ts';
import type { JsonObject } from '../../src/core/json.ts';
import type { Tool, ToolCall, ToolResult } from '../../src/core/tool.ts';

// What the conformance suite calls, under the names and with the answers that it expects.

/** One red pixel. */
const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
/** A WAV header with no samples. */
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEARKwAAIhYAQACABAAZGF0YQAAAAA=';

function tool(
  name: string,
  run: (call: ToolCall, args: JsonObject) => Promise<ToolResult> | ToolResult,
  inputSchema: JsonObject = { type: 'object', properties: {} },
): Tool {
  return {
    name,
    title: name,
    description: `Conformance fixture ${name}.`,
    scopes: [],
    effect: 'read',
    annotations: {
      title: name,
      readOnlyHint: true,
      destructiveHint: false,
      idempotentHint: true,
      openWorldHint: false,
    },
    inputSchema,
    outputSchema: undefined,
    timeoutMs: 30_000,
    bind: (args) => async (call) => run(call, (args ?? {}) as JsonObject),
  };
}

function answering(name: string, ...content: Content[]): Tool {
  return tool(name, () => ({ content }));
}

const image: Content = { type: 'image', data: PNG, mimeType: 'image/png' };

const schema202012: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

function elicitation(message: string, property: string, type = 'string'): ClientRequest {
  const requestedSchema = { type: 'object', properties: { [property]: { type } }, required: [property] };
  return { method: 'elicitation/create', params: { message, requestedSchema } };
}

function sampling(question: string, maxTokens: number): ClientRequest {
  const messages = [{ role: 'user', content: { type: 'text', text: question } }];
  return { method: 'sampling/createMessage', params: { messages, maxTokens } };
}

const roots: ClientRequest = { method: 'roots/list', params: {} };

/** A tool that asks round by round and then answers all it was told. */
function asking(name: string, ...rounds: Record<string, ClientRequest>[]): Tool {
  return tool(name, async (call) => {
    const told: unknown[] = [];
    for (const requests of rounds) {
      const can = Object.entries(requests).filter(([, request]) => call.canAsk(request.method));
      told.push(await call.ask(Object.fromEntries(can)));
    }
    return { content: [text(`state-ok ${JSON.stringify(told)}`)] };
  });
}

export const conformanceTools: readonly Tool[] = [
  answering('test_simple_text', text('This is a simple text response for testing.')),
  answering('test_image_content', image),
  answering('test_audio_content', { type: 'audio', data: WAV, mimeType: 'audio/wav' }),
  answering('test_embedded_resource', {
    type: 'resource',
    resource: {
      uri: 'test://embedded-resource',
      mimeType: 'text/plain',
      text: 'This is an embedded resource content.',
    },
  }),
  answering('test_multiple_content_types', text('Multiple content types test:'), image, {
    type: 'resource',
    resource: {
      uri: 'test://mixed-content-resource',
      mimeType: 'application/json',
      text: '{"test":"data","value":123}',
    },
  }),
  tool('test_error_handling', () => {
    throw new AppError('INVALID_ARGUMENT', 'This tool intentionally returns an error for testing');
  }),
  tool('test_tool_with_progress', async (call) => {
    for (const done of [0, 50, 100]) {
      call.progress(done, 100, `Completed step ${done} of 100`);
      await delay(20);
    }
    return { content: [text('Progress reported.')] };
  }),
  tool('test_tool_with_logging', async (call) => {
    for (const said of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      call.log('info', said);
      await delay(20);
    }
    return { content: [text('Tool with logging executed successfully.')] };
  }),
  tool(
    'json_schema_2020_12_tool',
    (_call, args) => ({ content: [text(JSON.stringify(args))] }),
    schema202012,
  ),
  asking('test_input_required_result_elicitation', { user_name: elicitation('What is your name?', 'name') }),
  asking('test_input_required_result_sampling', {
    capital_question: sampling('What is the capital of France?', 100),
  }),
  asking('test_input_required_result_list_roots', { client_roots: roots }),
  asking('test_input_required_result_request_state', {
    confirm: elicitation('Please confirm', 'ok', 'boolean'),
  }),
  asking('test_input_required_result_multiple_inputs', {
    user_name: elicitation('What is your name?', 'name'),
    greeting: sampling('Generate a greeting', 50),
    client_roots: roots,
  }),
  asking(
    'test_input_required_result_multi_round',
    { step1: elicitation('Step 1: What is your name?', 'name') },
    { step2: elicitation('Step 2: What is your favorite color?', 'color') },
  ),
  asking('test_input_required_result_tampered_state', {
    confirm: elicitation('Please confirm', 'ok', 'boolean'),
  }),
  // Asks whether or not the client has said that it can answer.
  tool('test_missing_capability', async (call) => {
    await call.ask({ question: sampling('Anything', 10) });
    return { content: [text('sampled')] };
  }),
  tool('test_streaming_elicitation', async (call) => {
    call.progress(1, 2);
    await call.ask({ user_name: elicitation('What is your name?', 'name') });
    return { content: [text('asked')] };
  }),
  tool('test_logging_tool', (call) => {
    call.log('info', 'a log line');
    return { content: [text('logged')] };
  }),
  asking('test_input_required_result_capabilities', {
    user_name: elicitation('What is your name?', 'name'),
    greeting: sampling('Generate a greeting', 50),
  }),
];

export const conformanceResources: readonly ResourceProvider[] = [
  {
    prefix: 'test://',
    scopes: [],
    templates: [
      { uriTemplate: 'test://template/{id}/data', name: 'Template data', mimeType: 'application/json' },
    ],
    list: () =>
      Promise.resolve({
        resources: [
          { uri: 'test://static-text', name: 'Static text', mimeType: 'text/plain' },
          { uri: 'test://static-binary', name: 'Static binary', mimeType: 'image/png' },
          { uri: 'test://watched-resource', name: 'Watched resource', mimeType: 'text/plain' },
        ],
      }),
    read(_context, uri) {
      const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
      if (id !== undefined) {
        const data = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
        return Promise.resolve([{ uri, mimeType: 'application/json', text: data }]);
      }
      switch (uri) {
        case 'test://static-text':
          return Promise.resolve([
            { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
          ]);
        case 'test://static-binary':
          return Promise.resolve([{ uri, mimeType: 'image/png', blob: PNG }]);
        case 'test://watched-resource':
          return Promise.resolve([{ uri, mimeType: 'text/plain', text: 'Watched resource content.' }]);
        default:
          return Promise.reject(new AppError('PATH_NOT_FOUND', `There is no resource ${uri}.`));
      }
    },
    complete: (_context, _variable, typed) =>
      Promise.resolve(['1', '2', '10'].filter((id) => id.startsWith(typed))),
  },
];

function prompt(
  name: string,
  argumentNames: readonly string[],
  get: (values: Readonly<Record<string, string>>) => readonly Content[],
): Prompt {
  return {
    name,
    title: name,
    description: `Conformance fixture ${name}.`,
    scopes: [],
    arguments: argumentNames.map((argument) => ({ name: argument, description: argument, required: true })),
    get: (_context, values) => Promise.resolve(get(values).map((content) => ({ role: 'user', content }))),
    complete: (_context, _argument, typed) =>
      Promise.resolve(['paris', 'park', 'party'].filter((value) => value.startsWith(typed))),
  };
}

export const conformancePrompts: readonly Prompt[] = [
  prompt('test_simple_prompt', [], () => [text('This is a simple prompt for testing.')]),
  prompt('test_prompt_with_arguments', ['arg1', 'arg2'], ({ arg1 = '', arg2 = '' }) => [
    text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`),
  ]),
  prompt('test_prompt_with_embedded_resource', ['resourceUri'], ({ resourceUri = '' }) => [
    {
      type: 'resource',
      resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
    },
    text('Please process the embedded resource above.'),
  ]),
  prompt('test_prompt_with_image', [], () => [image, text('Please analyze the image above.')]),
  {
    ...prompt('test_input_required_result_prompt', [], () => []),
    async get(context) {
      const told = await context.ask({
        user_context: elicitation('What context should the prompt use?', 'context'),
      });
      return [{ role: 'user', content: text(JSON.stringify(told)) }];
    },
  },
];
