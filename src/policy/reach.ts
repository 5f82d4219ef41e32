import { ANY_CLIENT } from './patterns.ts';

interface Conditions {
  readonly subjects?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly clients?: readonly string[] | undefined;
}

/** The name of an earlier rule that fits whomever this one could fit. */
export function shadowOf(
  rules: readonly (Conditions & { readonly name: string })[],
  index: number,
): string | undefined {
  const rule = rules[index];
  if (rule === undefined) return undefined;
  return rules.slice(0, index).find((earlier) => isWider(earlier, rule))?.name;
}

function isWider(one: Conditions, other: Conditions): boolean {
  return (
    holdsAll(one.subjects, other.subjects) &&
    holdsAll(one.groups, other.groups) &&
    (one.clients?.includes(ANY_CLIENT) === true || holdsAll(one.clients, other.clients))
  );
}

function holdsAll(wider: readonly string[] | undefined, values: readonly string[] | undefined): boolean {
  if (wider === undefined) return true;
  return values?.every((value) => wider.includes(value)) ?? false;
}
