import type { ClientRequest } from '../../../src/core/asker.ts';
import { text } from '../../../src/core/content.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import type { Tool } from '../../../src/core/tool.ts';
import { fixture, taking } from './fixture.ts';

/** A form of one required field. */
export function elicitation(message: string, property: string, type = 'string'): ClientRequest {
  return form(message, { [property]: { type } }, [property]);
}

function form(message: string, properties: JsonObject, required: readonly string[]): ClientRequest {
  const requestedSchema = { type: 'object', properties, required };
  return { method: 'elicitation/create', params: { mode: 'form', message, requestedSchema } };
}

function sampling(question: string, maxTokens: number): ClientRequest {
  const messages = [{ role: 'user', content: { type: 'text', text: question } }];
  return { method: 'sampling/createMessage', params: { messages, maxTokens } };
}

const roots: ClientRequest = { method: 'roots/list', params: {} };

/** A tool that asks round by round and then answers all it was told. */
function asking(name: string, ...rounds: Record<string, ClientRequest>[]): Tool {
  return fixture(name, async (call) => {
    const told: unknown[] = [];
    for (const requests of rounds) {
      const can = Object.entries(requests).filter(([, request]) => call.canAsk(request.method));
      told.push(await call.ask(Object.fromEntries(can)));
    }
    return { content: [text(`state-ok ${JSON.stringify(told)}`)] };
  });
}

/** A tool that has a form filled in and answers what was. */
function filling(name: string, properties: JsonObject): Tool {
  return fixture(name, async (call) => {
    const { form: answer } = await call.ask({ form: form(name, properties, []) });
    return { content: [text(`Elicitation completed: ${JSON.stringify(answer)}`)] };
  });
}

const DEFAULTS = {
  name: { type: 'string', description: 'User name', default: 'John Doe' },
  age: { type: 'integer', description: 'User age', default: 30 },
  score: { type: 'number', description: 'User score', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', description: 'Verification status', default: true },
};

const OPTIONS = ['option1', 'option2', 'option3'];
const TITLED = ['First', 'Second', 'Third'].map((title, index) => ({ const: `value${index + 1}`, title }));

const ENUMS = {
  untitledSingle: { type: 'string', enum: OPTIONS },
  titledSingle: { type: 'string', oneOf: TITLED },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
  titledMulti: { type: 'array', items: { anyOf: TITLED } },
};

/** Tools that ask the client while they run. */
export const askingTools: readonly Tool[] = [
  fixture(
    'test_sampling',
    async (call, { prompt }) => {
      const { sample } = await call.ask({ sample: sampling(String(prompt), 100) });
      return { content: [text(`LLM response: ${JSON.stringify(sample)}`)] };
    },
    { inputSchema: taking('prompt') },
  ),
  fixture(
    'test_elicitation',
    async (call, { message }) => {
      const properties = {
        username: { type: 'string', description: "User's response" },
        email: { type: 'string', description: "User's email address" },
      };
      const asked = { user: form(String(message), properties, ['username', 'email']) };
      const { user } = await call.ask(asked);
      return { content: [text(`User response: ${JSON.stringify(user)}`)] };
    },
    { inputSchema: taking('message') },
  ),
  filling('test_elicitation_sep1034_defaults', DEFAULTS),
  filling('test_elicitation_sep1330_enums', ENUMS),
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
  asking('test_input_required_result_capabilities', {
    user_name: elicitation('What is your name?', 'name'),
    greeting: sampling('Generate a greeting', 50),
  }),
  // Asks whether or not the client has said that it can answer.
  fixture('test_missing_capability', async (call) => {
    await call.ask({ question: sampling('Anything', 10) });
    return { content: [text('sampled')] };
  }),
  fixture('test_streaming_elicitation', async (call) => {
    call.progress(1, 2);
    await call.ask({ user_name: elicitation('What is your name?', 'name') });
    return { content: [text('asked')] };
  }),
];
