import type { Asker } from '../core/asker.ts';
import type { Holder } from '../core/by-holder.ts';
import { AppError } from '../core/errors.ts';
import type { Prompt, PromptMessage } from '../core/prompt.ts';
import type { ResourceContext } from '../core/resource.ts';
import { mayUse } from './admission.ts';
import { type ListedIcon, listedIcons } from './listed-icons.ts';
import { type Page, ScopedList } from './scoped-list.ts';

/** A prompt as `prompts/list` shows it. */
interface ListedPrompt {
  name: string;
  title: string;
  description: string;
  arguments: { name: string; title?: string; description: string; required: boolean }[];
  icons?: ListedIcon[];
}

export class PromptCatalog {
  readonly #prompts: ReadonlyMap<string, Prompt>;
  readonly #list: ScopedList<ListedPrompt>;

  /** @throws TypeError when two prompts share a name */
  constructor(prompts: readonly Prompt[], pageSize: number) {
    this.#prompts = new Map(prompts.map((prompt) => [prompt.name, prompt]));
    const entries = prompts.map((prompt) => ({
      key: prompt.name,
      target: prompt,
      item: listed(prompt),
    }));
    this.#list = new ScopedList('prompts/list', entries, pageSize);
  }

  get isEmpty(): boolean {
    return this.#prompts.size === 0;
  }

  find(name: string): Prompt | undefined {
    return this.#prompts.get(name);
  }

  /** @throws AppError `INVALID_ARGUMENT` for a cursor that no page has given. */
  page(holder: Holder, cursor: string | undefined): Page<ListedPrompt> {
    return this.#list.page(holder, cursor);
  }

  /** @throws AppError `INVALID_ARGUMENT` for a prompt that the principal does not see, or a missing argument. */
  async get(
    context: ResourceContext & Asker,
    name: string,
    values: Readonly<Record<string, string>>,
  ): Promise<{ description: string; messages: readonly PromptMessage[] }> {
    const prompt = this.#visible(context.principal, name);
    const missing = prompt.arguments.filter(
      (argument) => argument.required && !Object.hasOwn(values, argument.name),
    );
    if (missing.length > 0) {
      const names = missing.map((argument) => argument.name).join(', ');
      throw new AppError('INVALID_ARGUMENT', `The prompt ${name} needs the argument ${names}.`);
    }
    return { description: prompt.description, messages: await prompt.get(context, values) };
  }

  /** @throws AppError `INVALID_ARGUMENT` for a prompt that the principal does not see. */
  async complete(
    context: ResourceContext,
    name: string,
    argument: { readonly name: string; readonly value: string },
  ): Promise<readonly string[]> {
    return await this.#visible(context.principal, name).complete(context, argument.name, argument.value);
  }

  #visible(holder: Holder, name: string): Prompt {
    const prompt = this.#prompts.get(name);
    if (prompt === undefined || !mayUse(holder, prompt))
      throw new AppError('INVALID_ARGUMENT', `There is no prompt ${name}.`);
    return prompt;
  }
}

function listed({ name, title, description, arguments: args, icons }: Prompt): ListedPrompt {
  return {
    name,
    title,
    description,
    arguments: args.map((argument) => ({ ...argument })),
    ...listedIcons(icons),
  };
}
