import type { Branch, Tree } from './syntax.ts';

/**
 * Lets names of files come as parameters. To know the columns of a file, the engine reads its start when it
 * prepares a statement, and again when it executes it; while a name is missing, preparing ends before that.
 * Within an expression the name stays: the text of an expression may be the name of a column.
 *
 * @param names The constants of the tree that name files.
 * @returns The values of the parameters, in order. Changes the tree.
 */
export function nameLater(statement: Branch, names: ReadonlyMap<Branch, string>): string[] {
  const values: string[] = [];
  const steps: Tree[] = [statement];
  for (let tree = steps.pop(); tree !== undefined; tree = steps.pop()) {
    if (typeof tree !== 'object' || tree === null) continue;
    if (Array.isArray(tree)) {
      steps.push(...tree);
      continue;
    }
    const name = names.get(tree);
    if (name !== undefined) becomeParameter(tree, values.push(name));
    else if (tree['class'] !== 'SUBQUERY') steps.push(...Object.values(tree));
  }
  return values;
}

function becomeParameter(constant: Branch, number: number): void {
  Reflect.deleteProperty(constant, 'value');
  Object.assign(constant, { class: 'PARAMETER', type: 'VALUE_PARAMETER', identifier: String(number) });
}
