import * as z from 'zod';
import { ALL_SCOPES, isScope } from './scopes.ts';

export const EFFECTS = ['read', 'write', 'destroy'] as const;

const NAME = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
const isSchema = (value: unknown): boolean => value instanceof z.ZodObject;

interface Check {
  readonly key: string;
  readonly isFit: (value: unknown) => boolean;
  /** Completes `Tool "x": "key" …`. */
  readonly demand: string;
}

const CHECKS: readonly Check[] = [
  { key: 'title', isFit: isText, demand: 'is missing' },
  { key: 'description', isFit: isText, demand: 'is missing' },
  {
    key: 'scopes',
    isFit: (value) =>
      Array.isArray(value) && value.every((scope) => typeof scope === 'string' && isScope(scope)),
    demand: `is not a list of any of ${ALL_SCOPES.join(', ')}; [] lets every valid token in`,
  },
  {
    key: 'effect',
    isFit: (value) => EFFECTS.some((effect) => effect === value),
    demand: `is none of ${EFFECTS.join(', ')}`,
  },
  { key: 'input', isFit: isSchema, demand: 'is not made with z.object({ … })' },
  {
    key: 'output',
    isFit: (value) => value === undefined || isSchema(value),
    demand: 'is not made with z.object({ … })',
  },
  { key: 'run', isFit: (value) => typeof value === 'function', demand: 'is not a function' },
];

/**
 * What the compiler refuses in a declaration: a team's own tool may never have met one.
 *
 * @throws TypeError
 */
export function checkDeclaration(declaration: object): void {
  const declared = { ...declaration } as Readonly<Record<string, unknown>>;
  const { name } = declared;
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new TypeError(`Tool name "${String(name)}" is not verb_noun in snake_case`);
  }
  const failed = CHECKS.find(({ key, isFit }) => !isFit(declared[key]));
  if (failed !== undefined) throw new TypeError(`Tool "${name}": "${failed.key}" ${failed.demand}`);
}
