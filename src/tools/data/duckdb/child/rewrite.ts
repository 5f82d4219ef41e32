import type { Places, Wanted } from '../protocol.ts';
import { Refusal } from './faults.ts';
import { aliasOf } from './file-names.ts';
import { type FileReference, optionName } from './judge.ts';
import { type Branch, isBranch, type Tree } from './syntax.ts';

const SHEET_FORM = { delim: ',', quote: '"', escape: '"', new_line: '\\n' };

/** Which files a reference wants. */
export function wantedBy({ spellings, sheet }: FileReference): Wanted[] {
  return spellings.map((spelling) =>
    sheet === undefined
      ? { key: spelling, spelling }
      : // No path holds this character.
        { key: `${spelling}\0${sheet ?? ''}`, spelling, sheet },
  );
}

/** Lets the tree name the links instead of the paths. Changes it; answers the constants that name them, and the names. */
export function rewrite(references: readonly FileReference[], places: Places): ReadonlyMap<Branch, string> {
  const named = new Map<Branch, string>();
  for (const reference of references) {
    const { node, spellings, reader, sheet } = reference;
    const location = node['query_location'] ?? 0;
    const links = wantedBy(reference).flatMap(({ key }) => placed(places, key));
    const names = links.map((link) => {
      const name = constant(link, 'VARCHAR', location);
      named.set(name, link);
      return name;
    });
    if (node['type'] === 'BASE_TABLE')
      becomeCall(node, spellings[0] ?? '', functionCall(reader, [filesArgument(names, location)], location));
    else nameFiles(node, names);
    if (sheet !== undefined) readAsCsv(node);
  }
  return named;
}

function placed(places: Places, key: string): readonly string[] {
  const names = Object.hasOwn(places, key) ? places[key] : undefined;
  if (names === undefined || names.length === 0) throw new Refusal('SQL_ERROR', 'A file was not opened.');
  return names;
}

/** A sheet was written as CSV of a known kind. */
function readAsCsv({ function: calling = null }: Branch): void {
  if (!isBranch(calling) || !Array.isArray(calling['children'])) return;
  const kept = calling['children'].filter((child) => !isBranch(child) || optionName(child) !== 'sheet');
  const isHeaderGiven = kept.some((child) => isBranch(child) && optionName(child) === 'header');
  calling['function_name'] = 'read_csv';
  calling['children'] = [
    ...kept,
    ...Object.entries(SHEET_FORM).map(([option, value]) => constant(value, 'VARCHAR', 0, option)),
    ...(isHeaderGiven ? [] : [constant(true, 'BOOLEAN', 0, 'header')]),
  ];
}

/** `FROM 'a.csv'` as `FROM read_csv('a.csv') AS a`. */
function becomeCall(node: Branch, spelling: string, calling: Branch): void {
  const alias = typeof node['alias'] === 'string' && node['alias'] !== '' ? node['alias'] : aliasOf(spelling);
  const { sample = null, query_location: location = 0, column_name_alias: columns = [] } = node;
  for (const key of Object.keys(node)) Reflect.deleteProperty(node, key);
  Object.assign(node, {
    type: 'TABLE_FUNCTION',
    alias,
    sample,
    query_location: location,
    function: calling,
    column_name_alias: columns,
    with_ordinality: 'WITHOUT_ORDINALITY',
  } satisfies Branch);
}

function nameFiles(node: Branch, names: Branch[]): void {
  const calling = node['function'];
  const children = isBranch(calling) ? calling['children'] : undefined;
  if (!Array.isArray(children)) return;
  const at = children.findIndex((child) => isBranch(child) && optionName(child) === undefined);
  const given = children[at];
  if (isBranch(given)) children[at] = filesArgument(names, given['query_location'] ?? 0);
}

function filesArgument(names: Branch[], location: Tree): Branch {
  const [only] = names;
  // Some functions take one file, never a list.
  return names.length === 1 && only !== undefined ? only : functionCall('list_value', names, location);
}

export function constant(value: Tree, type: string, location: Tree, alias: Tree = ''): Branch {
  return {
    class: 'CONSTANT',
    type: 'VALUE_CONSTANT',
    alias,
    query_location: location,
    value: {
      type: { id: type, type_info: null },
      is_null: value === null,
      ...(value === null ? {} : { value }),
    },
  };
}

export function functionCall(name: string, children: Tree[], location: Tree, alias: Tree = ''): Branch {
  return {
    class: 'FUNCTION',
    type: 'FUNCTION',
    alias,
    query_location: location,
    function_name: name,
    schema: '',
    children,
    filter: null,
    order_bys: { type: 'ORDER_MODIFIER', orders: [] },
    distinct: false,
    is_operator: false,
    export_state: false,
    catalog: '',
  };
}
