import type { Value } from '../../source.ts';
import { Refusal } from './faults.ts';
import { constant, functionCall } from './rewrite.ts';
import type { Branch, Tree } from './syntax.ts';

/**
 * Puts the values in the place of the parameters, as the constants that they would be in the text: they
 * compare with dates as texts do there, and may name files. Changes the tree.
 *
 * @throws Refusal where there are not as many values as placeholders
 */
export function bindParameters(statement: Branch, params: readonly Value[]): void {
  const used = new Set<number>();
  const steps: Tree[] = [statement['node'] ?? null];
  for (let tree = steps.pop(); tree !== undefined; tree = steps.pop()) {
    if (typeof tree !== 'object' || tree === null) continue;
    if (!Array.isArray(tree) && tree['class'] === 'PARAMETER') {
      replace(tree, params, used);
      continue;
    }
    steps.push(...(Array.isArray(tree) ? tree : Object.values(tree)));
  }
  if (used.size < params.length) throw miscounted(Math.max(0, ...used), params.length);
  statement['named_param_map'] = [];
}

function replace(node: Branch, params: readonly Value[], used: Set<number>): void {
  const number = Number(node['identifier']);
  if (!Number.isInteger(number))
    throw new Refusal(
      'INVALID_ARGUMENT',
      'Placeholders are ? or $1, $2, …; they have no names here.',
      'number them',
    );
  const value = params[number - 1];
  if (value === undefined) throw miscounted(number, params.length);
  used.add(number);
  const { query_location: location = 0, alias = '' } = node;
  const bound = valueNode(value, location, alias);
  for (const key of Object.keys(node)) Reflect.deleteProperty(node, key);
  Object.assign(node, bound);
}

function valueNode(value: Value, location: Tree, alias: Tree = ''): Branch {
  if (value === null) return constant(null, 'NULL', location, alias);
  if (typeof value === 'string') return constant(value, 'VARCHAR', location, alias);
  if (typeof value === 'boolean') return constant(value, 'BOOLEAN', location, alias);
  if (typeof value === 'number') return numberNode(value, location, alias);
  if (isList(value))
    return functionCall(
      'list_value',
      value.map((item) => valueNode(item, location)),
      location,
      alias,
    );
  const members = Object.entries(value).map(([name, member]) => valueNode(member, location, name));
  return functionCall('struct_pack', members, location, alias);
}

function numberNode(value: number, location: Tree, alias: Tree): Branch {
  if (Number.isSafeInteger(value)) return constant(value, 'BIGINT', location, alias);
  // Written out and converted: as a number of JSON, 1e21 would be read as a whole number.
  return {
    class: 'CAST',
    type: 'OPERATOR_CAST',
    alias,
    query_location: location,
    child: constant(String(value), 'VARCHAR', location),
    cast_type: { id: 'DOUBLE', type_info: null },
    try_cast: false,
  };
}

function isList(value: object): value is readonly Value[] {
  return Array.isArray(value);
}

function miscounted(placeholders: number, given: number): Refusal {
  return new Refusal(
    'INVALID_ARGUMENT',
    `The statement has ${placeholders === 0 ? 'no placeholders' : `placeholders up to $${placeholders}`}, and params holds ${given}.`,
    'give one value for each placeholder, in order',
  );
}
