import { Refusal } from './faults.ts';
import { FILE_READERS, FUNCTIONS, TABLE_FUNCTIONS } from './functions.ts';
import { readerOf, WORKBOOK_READER } from './file-names.ts';
import { type Branch, isBranch, type Tree } from './syntax.ts';

/** A place in the tree that names files. */
export interface FileReference {
  /** As the statement spells them. */
  readonly spellings: readonly string[];
  /** The table or the function call that is to be written anew. */
  readonly node: Branch;
  /** The function that reads them. */
  readonly reader: string;
  /** Where the reader is the one of workbooks: the name of the sheet, null for the first one. */
  readonly sheet?: string | null;
}

/** Names that common table expressions give within a part of the statement. */
interface Scope {
  readonly name: string;
  readonly outer: Scope | undefined;
}

type Step = readonly [tree: Tree, scope: Scope | undefined];

const QUERIES = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE', 'CTE_NODE']);
const TABLES = new Set(['EMPTY', 'EXPRESSION_LIST', 'JOIN', 'PIVOT', 'SUBQUERY']);
const EXPRESSIONS = new Set([
  ...['BETWEEN', 'CASE', 'CAST', 'COLLATE', 'COLUMN_REF', 'COMPARISON', 'CONJUNCTION', 'CONSTANT', 'DEFAULT'],
  ...['LAMBDA', 'LAMBDA_REF', 'OPERATOR', 'POSITIONAL_REFERENCE', 'STAR', 'SUBQUERY', 'TYPE'],
]);
/** Parts that hold other parts and do nothing themselves. */
const PARTS =
  /^(ORDER_MODIFIER|LIMIT_MODIFIER|LIMIT_PERCENT_MODIFIER|DISTINCT_MODIFIER|ORDER_DEFAULT|ASCENDING|DESCENDING|[A-Z_]+_TYPE_INFO)$/;

/**
 * Looks at every node of a statement's tree: what is not known to be harmless is refused.
 *
 * @param systemTables Names that the engine's own catalogue answers to.
 * @returns The places that name files, in no order.
 * @throws Refusal
 */
export function judge(statement: Branch, systemTables: ReadonlySet<string>): FileReference[] {
  const references: FileReference[] = [];
  // A list, not recursion: a statement may be nested deeper than the stack.
  const steps: Step[] = [[statement['node'] ?? null, undefined]];
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    const [tree, scope] = step;
    if (typeof tree !== 'object' || tree === null) continue;
    if (Array.isArray(tree)) {
      for (const child of tree) steps.push([child, scope]);
    } else {
      const reference = look(tree, scope, steps, systemTables);
      if (reference !== undefined) references.push(reference);
    }
  }
  return references;
}

function look(
  node: Branch,
  scope: Scope | undefined,
  steps: Step[],
  systemTables: ReadonlySet<string>,
): FileReference | undefined {
  const { class: kind, type } = node;
  if (typeof kind === 'string') {
    lookAtExpression(kind, node);
  } else if (type === 'BASE_TABLE') {
    steps.push([node['sample'] ?? null, scope]);
    return tableReference(node, scope, systemTables);
  } else if (type === 'TABLE_FUNCTION') {
    return functionReference(node, scope, steps);
  } else if (typeof type === 'string') {
    lookAtPart(type, node);
  }
  descend(node, scope, steps);
  return undefined;
}

function lookAtExpression(kind: string, node: Branch): void {
  if (kind === 'FUNCTION' || kind === 'WINDOW') {
    const name = lowered(node['function_name']);
    if (!FUNCTIONS.has(name)) throw notAFunction(name);
    if (node['export_state'] === true) throw notAllowed('EXPORT_STATE');
  } else if (!EXPRESSIONS.has(kind)) {
    throw notAllowed(`An expression of the kind ${kind}`);
  }
}

function lookAtPart(type: string, node: Branch): void {
  if (type === 'SHOW_REF') {
    if (isBranch(node['query'])) return;
    throw new Refusal(
      'SQL_NOT_READ_ONLY',
      'SHOW does not work here: the tables are files.',
      'describe_data {"source":"files"}',
    );
  }
  if (!QUERIES.has(type) && !TABLES.has(type) && !PARTS.test(type))
    throw notAllowed(`A part of the kind ${type}`);
}

/** Puts the children on the list, each with the names that it sees. */
function descend(node: Branch, scope: Scope | undefined, steps: Step[]): void {
  const inner = withEntries(node['cte_map'], scope, steps);
  const { cte_name: own } = node;
  const named = typeof own === 'string' ? { name: lowered(own), outer: inner } : inner;
  for (const [key, child] of Object.entries(node)) {
    // A recursive query is seen by its second part only.
    if (key !== 'cte_map') steps.push([child, key === 'right' || key === 'child' ? named : inner]);
  }
}

/** Each entry of WITH sees those before it, not itself: that one is recursive is told by its own node. */
function withEntries(map: Tree | undefined, scope: Scope | undefined, steps: Step[]): Scope | undefined {
  const entries = isBranch(map) && Array.isArray(map['map']) ? map['map'].filter(isBranch) : [];
  let inner = scope;
  for (const { key, value = null } of entries) {
    steps.push([value, inner]);
    inner = { name: lowered(key), outer: inner };
  }
  return inner;
}

function tableReference(
  node: Branch,
  scope: Scope | undefined,
  systemTables: ReadonlySet<string>,
): FileReference | undefined {
  const parts = [node['catalog_name'], node['schema_name'], node['table_name']].filter(
    (part): part is string => typeof part === 'string' && part !== '',
  );
  const spelling = parts.join('.');
  if (parts.length === 1 && isNamed(scope, spelling)) {
    // Whatever happens to the scope, no such name may lead to the catalogue.
    if (systemTables.has(lowered(spelling)))
      throw new Refusal(
        'SQL_ERROR',
        `"${spelling}" is a name of the engine's own.`,
        'give the WITH query another name',
      );
    return undefined;
  }
  if (isBranch(node['at_clause'])) throw notAllowed('AT');
  const reader = readerOf(spelling);
  return { spellings: [spelling], node, reader, ...(reader === WORKBOOK_READER ? { sheet: null } : {}) };
}

function functionReference(node: Branch, scope: Scope | undefined, steps: Step[]): FileReference | undefined {
  const call = node['function'];
  if (!isBranch(call) || call['class'] !== 'FUNCTION') throw notAllowed('Such a table function');
  const { function_name, children = null, filter = null } = call;
  const name = lowered(function_name);
  const options = FILE_READERS.get(name);
  if (options === undefined && !TABLE_FUNCTIONS.has(name)) throw notATableFunction(name);
  steps.push([children, scope], [filter, scope], [node['sample'] ?? null, scope]);
  if (options === undefined) return undefined;
  const args = Array.isArray(children) ? children.filter(isBranch) : [];
  const spellings = filesOf(name, args, options);
  return { spellings, node, reader: name, ...sheetIn(name, args) };
}

function filesOf(name: string, args: readonly Branch[], options: ReadonlySet<string>): readonly string[] {
  const positional: Branch[] = [];
  for (const argument of args) {
    const given = optionNames(argument);
    if (given.length === 0) positional.push(argument);
    const unknown = given.find((option) => !options.has(option));
    if (unknown !== undefined) throw notAnOption(name, unknown, options);
  }
  const [first] = positional;
  const spellings = first === undefined ? undefined : constantFiles(first);
  if (spellings !== undefined && positional.length === 1) return spellings;
  throw new Refusal(
    'SQL_ERROR',
    `${name} takes its files as one text or one list of texts, known before the statement runs.`,
    `write ${name}('/folder/file') or ${name}(['/folder/a', '/folder/b'])`,
  );
}

/** Which sheet is read has to be known before the statement runs, as the file has. */
function sheetIn(name: string, args: readonly Branch[]): { readonly sheet?: string | null } {
  if (name !== WORKBOOK_READER) return {};
  const given = args.find((argument) => optionName(argument) === 'sheet');
  if (given === undefined) return { sheet: null };
  const { right } = given;
  const sheet = constantText(isBranch(right) && given['class'] === 'COMPARISON' ? right : given);
  if (sheet !== undefined) return { sheet };
  throw new Refusal('SQL_ERROR', 'The name of a sheet is a text.', "write sheet = 'Sheet1'");
}

function notAnOption(name: string, option: string, options: ReadonlySet<string>): Refusal {
  const others = options.size === 0 ? 'it takes none' : `there are: ${[...options].join(', ')}`;
  return new Refusal('SQL_ERROR', `${name} takes no option "${option}" here.`, `leave it out; ${others}`);
}

/** The option that an argument sets; undefined for one that takes its place by order. */
export function optionName(argument: Branch): string | undefined {
  return optionNames(argument)[0];
}

/** `header = true`, `header := true` and `header => true` are written in two ways, and `a := (b = true)` in both. */
function optionNames({ alias, type, left }: Branch): string[] {
  const named = typeof alias === 'string' && alias !== '' ? [lowered(alias)] : [];
  if (type !== 'COMPARE_EQUAL' || !isBranch(left) || left['class'] !== 'COLUMN_REF') return named;
  const names = left['column_names'];
  return Array.isArray(names) && names.length === 1 ? [lowered(names[0]), ...named] : named;
}

/** The texts of a constant or of a list of constants; undefined for anything else. */
function constantFiles(argument: Branch): string[] | undefined {
  const text = constantText(argument);
  if (text !== undefined) return [text];
  const { class: kind, function_name: name, children } = argument;
  if (kind !== 'FUNCTION' || name !== 'list_value' || !Array.isArray(children)) return undefined;
  const texts = children.map((child) => (isBranch(child) ? constantText(child) : undefined));
  const known = texts.filter((one) => one !== undefined);
  return known.length === texts.length && known.length > 0 ? known : undefined;
}

function constantText({ class: kind, value }: Branch): string | undefined {
  if (kind !== 'CONSTANT' || !isBranch(value)) return undefined;
  const isText = isBranch(value['type']) && value['type']['id'] === 'VARCHAR';
  return isText && typeof value['value'] === 'string' ? value['value'] : undefined;
}

function isNamed(scope: Scope | undefined, spelling: string): boolean {
  const name = lowered(spelling);
  for (let at = scope; at !== undefined; at = at.outer) if (at.name === name) return true;
  return false;
}

/** As the engine compares names: of other letters than these, none is the same as another. */
function lowered(value: Tree | undefined): string {
  return typeof value === 'string' ? value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : '';
}

function notAllowed(what: string): Refusal {
  return new Refusal('SQL_NOT_READ_ONLY', `${what} cannot be used here.`, 'write the statement without it');
}

function notAFunction(name: string): Refusal {
  return new Refusal(
    'SQL_NOT_READ_ONLY',
    `There is no function "${name}" here: it does not exist, or it does more than compute.`,
    'write the statement without it',
  );
}

function notATableFunction(name: string): Refusal {
  return new Refusal(
    'SQL_NOT_READ_ONLY',
    `There is no table function "${name}" here.`,
    name === 'glob'
      ? 'list_files {"path":"/"}'
      : "read files by FROM '/folder/file.csv', read_csv, read_parquet, read_json or read_text",
  );
}
