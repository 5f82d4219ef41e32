import type { ResourceContents } from '../core/content.ts';
import { AppError } from '../core/errors.ts';
import type { Icon } from '../core/icon.ts';
import type { ResourceContext, ResourceEntry, ResourceProvider, ResourceTemplate } from '../core/resource.ts';
import type { ScopeSet } from '../core/scopes.ts';
import { foreignCursor, readCursor, writeCursor } from './cursor.ts';
import { type ListedIcon, listedIcons } from './listed-icons.ts';
import { type Page, ScopedList } from './scoped-list.ts';

/** A resource and a template as their lists show them. */
type ListedResource = Omit<ResourceEntry, 'icons'> & { icons?: ListedIcon[] };
type ListedTemplate = Omit<ResourceTemplate, 'icons'> & { icons?: ListedIcon[] };

const LIST = 'resources/list';

/** The families of resources behind one list. Families that the principal's scopes do not cover are left out of it. */
export class ResourceCatalog {
  readonly #providers: readonly ResourceProvider[];

  readonly #templates: ScopedList<ListedTemplate>;

  /** @throws TypeError when two providers share a template */
  constructor(providers: readonly ResourceProvider[], pageSize: number) {
    this.#providers = providers;
    const entries = providers.flatMap(({ templates, scopes }) =>
      templates.map((template) => ({ key: template.uriTemplate, scopes, item: listed(template) })),
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
  templates(scopes: ScopeSet, cursor: string | undefined): Page<ListedTemplate> {
    return this.#templates.page(scopes, cursor);
  }

  /**
   * A page never mixes families; the cursor says which family it goes on with, and where in it.
   *
   * @throws AppError `INVALID_ARGUMENT` for a cursor that no page has given.
   */
  async page(context: ResourceContext, cursor: string | undefined): Promise<Page<ListedResource>> {
    const visible = this.#visible(context.principal.scopes);
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

  /** @throws AppError `PATH_NOT_FOUND` where no family knows the URI. */
  async read(context: ResourceContext, uri: string): Promise<readonly ResourceContents[]> {
    const provider = this.find(uri);
    if (provider === undefined) throw new AppError('PATH_NOT_FOUND', `There is no resource ${uri}.`);
    return provider.read(context, uri);
  }

  /**
   * Whether the principal could follow the resource.
   *
   * @throws AppError `PATH_NOT_FOUND` for a URI of no family that its scopes reach; as `read` otherwise
   */
  async check(context: ResourceContext, uri: string): Promise<void> {
    const provider = this.find(uri);
    if (provider === undefined || !context.principal.scopes.hasAll(provider.scopes)) {
      throw new AppError('PATH_NOT_FOUND', `There is no resource ${uri}.`);
    }
    await provider.check?.(context, uri);
  }

  async complete(
    context: ResourceContext,
    uriTemplate: string,
    argument: { readonly name: string; readonly value: string },
  ): Promise<readonly string[]> {
    const provider = this.#visible(context.principal.scopes).find((candidate) =>
      candidate.templates.some((template) => template.uriTemplate === uriTemplate),
    );
    if (provider === undefined) {
      throw new AppError('INVALID_ARGUMENT', `There is no resource template ${uriTemplate}.`);
    }
    return provider.complete(context, argument.name, argument.value);
  }

  #visible(scopes: ScopeSet): ResourceProvider[] {
    return this.#providers.filter((provider) => scopes.hasAll(provider.scopes));
  }
}

function listed<T extends { readonly icons?: readonly Icon[] }>({
  icons,
  ...others
}: T): Omit<T, 'icons'> & { icons?: ListedIcon[] } {
  return { ...others, ...listedIcons(icons) };
}
