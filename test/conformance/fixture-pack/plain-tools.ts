import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { text } from '../../../src/core/content.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { JsonObject } from '../../../src/core/json.ts';
import { defineTool, type Tool } from '../../../src/core/tool.ts';
import { answering, fixture } from './fixture.ts';
import { image, WAV } from './samples.ts';

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

/** Tools that answer, tell their progress or fail, and ask nobody. */
export const plainTools: readonly Tool[] = [
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
  fixture('test_error_handling', () => {
    throw new AppError('INVALID_ARGUMENT', 'This tool intentionally returns an error for testing');
  }),
  fixture('test_tool_with_progress', async (call) => {
    for (const done of [0, 50, 100]) {
      call.progress(done, 100, `Completed step ${done} of 100`);
      await delay(20);
    }
    return { content: [text('Progress reported.')] };
  }),
  fixture('test_tool_with_logging', async (call) => {
    for (const said of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
      call.log('info', said);
      await delay(20);
    }
    return { content: [text('Tool with logging executed successfully.')] };
  }),
  fixture('test_logging_tool', (call) => {
    call.log('info', 'a log line');
    return { content: [text('logged')] };
  }),
  fixture('json_schema_2020_12_tool', (_call, args) => ({ content: [text(JSON.stringify(args))] }), {
    inputSchema: schema202012,
  }),
  defineTool({
    name: 'test_parameter_headers',
    title: 'test_parameter_headers',
    description: 'Conformance fixture whose parameters are repeated as headers.',
    scopes: [],
    effect: 'read',
    input: z.object({
      region: z.string().describe('Where.'),
      limit: z.int().optional().describe('How many.'),
    }),
    paramHeaders: { region: 'Region', limit: 'Limit' },
    run: (_call, args) => Promise.resolve({ content: [text(JSON.stringify(args))] }),
  }),
  // Lasts longer than the connection that it is called on may, so that the client has to come back for it.
  fixture('test_reconnection', async ({ signal }) => {
    await delay(2000, undefined, { signal });
    return { content: [text('Reconnection test completed.')] };
  }),
];
