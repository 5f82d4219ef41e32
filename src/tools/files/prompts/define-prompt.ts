import type { Asker } from '../../../core/asker.ts';
import { AppError } from '../../../core/errors.ts';
import type { Prompt, PromptArgument, PromptMessage } from '../../../core/prompt.ts';
import type { ResourceContext } from '../../../core/resource.ts';
import type { Scope } from '../../../core/scopes.ts';

interface Argument extends Omit<PromptArgument, 'name'> {
  /** Values that start with what was typed, best first. */
  complete?(typed: string, context: ResourceContext): Promise<readonly string[]>;
}

interface PromptDefinition<N extends string> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scopes: readonly Scope[];
  readonly shows: readonly string[];
  readonly arguments: Readonly<Record<N, Argument>>;
  /** The values are trimmed; those that are empty or were not given are undefined. */
  messages(
    context: ResourceContext & Asker,
    values: Readonly<Record<N, string | undefined>>,
  ): Promise<readonly PromptMessage[]>;
}

const MAX_LENGTH = 2000;

/** Declares a prompt; its arguments are checked before it is asked for its messages. */
export function definePrompt<N extends string>(definition: PromptDefinition<N>): Prompt {
  const { name, title, description, scopes, shows } = definition;
  const known: ReadonlyMap<string, Argument> = new Map(Object.entries<Argument>(definition.arguments));
  const list = Array.from(known, ([argument, { title: label, description: meaning, required }]) => ({
    ...{ name: argument, description: meaning, required },
    ...(label === undefined ? {} : { title: label }),
  }));
  return {
    ...{ name, title, description, scopes, shows },
    arguments: list,
    get: (context, values) => {
      // The keys are those of the definition.
      const checked = check(name, list, values) as Record<N, string | undefined>;
      return definition.messages(context, checked);
    },
    complete: async (context, argument, typed) =>
      (await known.get(argument)?.complete?.(typed, context)) ?? [],
  };
}

/** For an argument that mostly is one of a few values. */
export function completeChoice(choices: readonly string[]): (typed: string) => Promise<readonly string[]> {
  return (typed) => {
    const start = typed.toLowerCase();
    return Promise.resolve(choices.filter((choice) => choice.startsWith(start)));
  };
}

function check(
  prompt: string,
  list: readonly PromptArgument[],
  values: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const unknown = Object.keys(values).find((key) => !list.some(({ name }) => name === key));
  if (unknown !== undefined) {
    const names = list.map(({ name }) => name).join(', ');
    throw new AppError('INVALID_ARGUMENT', `${prompt} has no argument ${JSON.stringify(unknown)}.`, {
      next: `give it those that it has: ${names}`,
    });
  }
  const checked = list.map(({ name, required }) => {
    const value = values[name]?.trim() ?? '';
    if (required && value === '') {
      throw new AppError('INVALID_ARGUMENT', `${prompt} needs the argument ${name}, which is empty.`);
    }
    if (value.length > MAX_LENGTH) {
      throw new AppError('INVALID_ARGUMENT', `${name} has more than ${MAX_LENGTH} characters.`);
    }
    return [name, value === '' ? undefined : value] as const;
  });
  return Object.fromEntries(checked);
}
