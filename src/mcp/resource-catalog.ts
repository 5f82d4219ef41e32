import type { Holder } from '../core/by-holder.ts';
import type { ResourceContents } from '../core/content.ts';
import { AppError } from '../core/errors.ts';
import type { Icon } from '../core/icon.ts';
import type { ResourceContext, ResourceEntry, ResourceProvider, ResourceTemplate } from '../core/resource.ts';
import { mayUse } from './admission.ts';
import { foreignCursor, readCursor, writeCursor } from './cursor.ts';
import { type ListedIcon, listedIcons } from './listed-icons.ts';
import { type Page, ScopedList } from './scoped-list.ts';

/** A resource and a template as their lists show them. */
type ListedResource = Omit<ResourceEntry, 'icons'> & { icons?: ListedIcon[] };
type ListedTemplate = Omit<ResourceTemplate, 'icons'> & { icons?: ListedIcon[] };

const LIST = 'resources/list';

/** The families of resources behind one list. Those that the principal may not use are left out of it. */
export class ResourceCatalog {
  readonly #providers: readonly ResourceProvider[];

  readonly #templates: ScopedList<ListedTemplate>;

  /** @throws TypeError when two providers share a template */
  constructor(providers: readonly ResourceProvider[], pageSize: number) {
    this.#providers = providers;
    const entries = providers.flatMap((target) =>
      target.templates.map((template) => ({ key: template.uriTemplate, target, item: listed(template) })),
    );
    this.#templates = new ScopedList('resources/templates/list', entries, pageSize);
  }

  get isEmpty(): boolean {
    return this.#providers.length === 0;
  }

  /** The family that a URI or URI template belongs to. */
  find(uri: string): ResourceProvider | undefined {
    return this.#providers.find((provider) => uri.startsWith(provider.prefix));
  }

  /** @throws AppError `INVALID_ARGUMENT` for a cursor that no page has given. */
  templates(holder: Holder, cursor: string | undefined): Page<ListedTemplate> {
    return this.#templates.page(holder, cursor);
  }

  /**
   * A page never mixes families; the cursor says which family it goes on with, and where in it.
   *
   * @throws AppError `INVALID_ARGUMENT` for a cursor that no page has given.
   */
  async page(context: ResourceContext, cursor: string | undefined): Promise<Page<ListedResource>> {
    const visible = this.#visible(context.principal);
    const [prefix, inner, ...rest] = cursor === undefined ? [] : readCursor(LIST, cursor);
    const family = cursor === undefined ? 0 : visible.findIndex((provider) => provider.prefix === prefix);
    if (family < 0 || rest.length > 0) throw foreignCursor();
    const provider = visible[family];
    if (provider === undefined) return { items: [] };
    const { resources, nextCursor } = await provider.list(context, inner);
    const items = resources.map(listed);
    if (nextCursor !== undefined)
      return { items, nextCursor: writeCursor(LIST, provider.prefix, nextCursor) };
    const next = visible[family + 1];
    return next === undefined ? { items } : { items, nextCursor: writeCursor(LIST, next.prefix) };
  }

  /** @throws AppError `PATH_NOT_FOUND` for a URI of no family that the principal may use. */
  async read(context: ResourceContext, uri: string): Promise<readonly ResourceContents[]> {
    return await this.#familyOf(context.principal, uri).read(context, uri);
  }

  /** Whether the URI is one of a family that the principal may use; nothing is looked up. */
  isWithinReach(holder: Holder, uri: string): boolean {
    const provider = this.find(uri);
    return provider !== undefined && mayUse(holder, provider);
  }

  /**
   * Whether the principal could follow the resource.
   *
   * @throws AppError as `read`
   */
  async check(context: ResourceContext, uri: string): Promise<void> {
    await this.#familyOf(context.principal, uri).check?.(context, uri);
  }

  async complete(
    context: ResourceContext,
    uriTemplate: string,
    argument: { readonly name: string; readonly value: string },
  ): Promise<readonly string[]> {
    const provider = this.#visible(context.principal).find((candidate) =>
      candidate.templates.some((template) => template.uriTemplate === uriTemplate),
    );
    if (provider === undefined) {
      throw new AppError('INVALID_ARGUMENT', `There is no resource template ${uriTemplate}.`);
    }
    return provider.complete(context, argument.name, argument.value);
  }

  #visible(holder: Holder): ResourceProvider[] {
    return this.#providers.filter((provider) => mayUse(holder, provider));
  }

  #familyOf(holder: Holder, uri: string): ResourceProvider {
    const provider = this.find(uri);
    if (provider !== undefined && mayUse(holder, provider)) return provider;
    throw new AppError('PATH_NOT_FOUND', `There is no resource ${uri}.`);
  }
}

function listed<T extends { readonly icons?: readonly Icon[] }>({
  icons,
  ...others
}: T): Omit<T, 'icons'> & { icons?: ListedIcon[] } {
  return { ...others, ...listedIcons(icons) };
}
