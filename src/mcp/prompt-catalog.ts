import type { Asker } from '../core/asker.ts';
import { AppError } from '../core/errors.ts';
import type { Prompt, PromptMessage } from '../core/prompt.ts';
import type { ResourceContext } from '../core/resource.ts';
import type { ScopeSet } from '../core/scopes.ts';

/** A prompt as `prompts/list` shows it. */
interface ListedPrompt {
  name: string;
  title: string;
  description: string;
  arguments: { name: string; title?: string; description: string; required: boolean }[];
}

export class PromptCatalog {
  readonly #prompts: ReadonlyMap<string, Prompt>;

  constructor(prompts: readonly Prompt[]) {
    this.#prompts = new Map(prompts.map((prompt) => [prompt.name, prompt]));
  }

  get isEmpty(): boolean {
    return this.#prompts.size === 0;
  }

  find(name: string): Prompt | undefined {
    return this.#prompts.get(name);
  }

  list(scopes: ScopeSet): ListedPrompt[] {
    return [...this.#prompts.values()]
      .filter((prompt) => scopes.hasAll(prompt.scopes))
      .map((prompt) => ({
        name: prompt.name,
        title: prompt.title,
        description: prompt.description,
        arguments: prompt.arguments.map((argument) => ({ ...argument })),
      }));
  }

  /** @throws AppError `INVALID_ARGUMENT` for an unknown prompt or a missing argument. */
  async get(
    context: ResourceContext & Asker,
    name: string,
    values: Readonly<Record<string, string>>,
  ): Promise<{ description: string; messages: readonly PromptMessage[] }> {
    const prompt = this.#named(name);
    const missing = prompt.arguments.filter(
      (argument) => argument.required && !Object.hasOwn(values, argument.name),
    );
    if (missing.length > 0) {
      const names = missing.map((argument) => argument.name).join(', ');
      throw new AppError('INVALID_ARGUMENT', `The prompt ${name} needs the argument ${names}.`);
    }
    return { description: prompt.description, messages: await prompt.get(context, values) };
  }

  /** @throws AppError `INVALID_ARGUMENT` for an unknown prompt. */
  complete(
    context: ResourceContext,
    name: string,
    argument: { readonly name: string; readonly value: string },
  ): Promise<readonly string[]> {
    return this.#named(name).complete(context, argument.name, argument.value);
  }

  #named(name: string): Prompt {
    const prompt = this.#prompts.get(name);
    if (prompt === undefined) throw new AppError('INVALID_ARGUMENT', `There is no prompt ${name}.`);
    return prompt;
  }
}
