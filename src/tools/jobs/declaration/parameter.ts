import * as z from 'zod';
import { setting } from '../../../core/setting.ts';

const bound = z.number().min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);

/** A parameter of a job, as the operator declares it. */
export const parameter = z.strictObject({
  type: setting(z.enum(['string', 'integer', 'number', 'boolean', 'enum', 'list']), {
    description: 'What is given: a list is one of texts, each of which becomes an argument of its own.',
    example: 'string',
  }),
  description: setting(z.string().trim().min(1).max(300), {
    description: 'For the agent: what it means, with an example.',
    example: 'The month of the report, as 2026-03.',
  }),
  required: setting(z.boolean().default(false), {
    description: 'Whether it has to be given. An argument whose parameter has no value is left out.',
    example: true,
  }),
  default: setting(z.unknown().optional(), {
    description: 'The value that it has when it is not given.',
    example: '2026-01',
  }),
  pattern: setting(z.string().min(1).max(500).optional(), {
    description:
      'A regular expression (RE2: no looking around, no back-references) that the whole text has to match, each of a list.',
    example: '\\d{4}-\\d{2}',
  }),
  minLength: setting(z.int().min(0).max(32_768).optional(), {
    description: 'The least characters of a text. Default 1: an empty argument often means something else.',
    example: 0,
  }),
  maxLength: setting(z.int().min(1).max(32_768).optional(), {
    description: 'The most characters of a text. Default 1000.',
    example: 100,
  }),
  min: setting(bound.optional(), { description: 'The least number.', example: 1 }),
  max: setting(bound.optional(), { description: 'The largest number.', example: 100 }),
  values: setting(z.array(z.string().min(1).max(1000)).min(1).max(100).optional(), {
    description: 'Of an enum: what it can be.',
    example: ['draft', 'final'],
  }),
  maxItems: setting(z.int().min(1).max(1000).optional(), {
    description: 'The most texts of a list. Default 20.',
    example: 5,
  }),
  flag: setting(z.string().min(1).max(100).optional(), {
    description:
      'Of a boolean: the argument that stands for true; for false there is none. Without it the argument is "true" or "false".',
    example: '--verbose',
  }),
  multiline: setting(z.boolean().default(false), {
    description: 'Whether a text may hold line breaks and tabs.',
    example: true,
  }),
  allowDash: setting(z.boolean().default(false), {
    description:
      'Whether an argument may begin with a dash that comes from the value, where the program could take it for an option.',
    example: true,
  }),
});

export type ParameterOptions = z.output<typeof parameter>;
