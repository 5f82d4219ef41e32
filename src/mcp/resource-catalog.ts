import type { ResourceContents } from '../core/content.ts';
import { AppError } from '../core/errors.ts';
import type { ResourceContext, ResourcePage, ResourceProvider, ResourceTemplate } from '../core/resource.ts';
import type { ScopeSet } from '../core/scopes.ts';

/** The families of resources behind one list. Families that the principal's scopes do not cover are left out of it. */
export class ResourceCatalog {
  readonly #providers: readonly ResourceProvider[];

  constructor(providers: readonly ResourceProvider[]) {
    this.#providers = providers;
  }

  get isEmpty(): boolean {
    return this.#providers.length === 0;
  }

  /** The family that a URI or URI template belongs to. */
  find(uri: string): ResourceProvider | undefined {
    return this.#providers.find((provider) => uri.startsWith(provider.prefix));
  }

  templates(scopes: ScopeSet): ResourceTemplate[] {
    return this.#visible(scopes).flatMap((provider) => provider.templates);
  }

  /**
   * A page never mixes families; the cursor says which family it goes on with.
   *
   * @throws AppError `INVALID_ARGUMENT` for a cursor that no page has given.
   */
  async list(context: ResourceContext, cursor: string | undefined): Promise<ResourcePage> {
    const visible = this.#visible(context.principal.scopes);
    const place = parseCursor(cursor);
    const provider = visible[place.family];
    if (provider === undefined) return { resources: [] };
    const { resources, nextCursor } = await provider.list(context, place.inner);
    if (nextCursor !== undefined) return { resources, nextCursor: `${place.family}:${nextCursor}` };
    const hasMore = place.family + 1 < visible.length;
    return hasMore ? { resources, nextCursor: `${place.family + 1}:` } : { resources };
  }

  /** @throws AppError `PATH_NOT_FOUND` where no family knows the URI. */
  async read(context: ResourceContext, uri: string): Promise<readonly ResourceContents[]> {
    const provider = this.find(uri);
    if (provider === undefined) throw new AppError('PATH_NOT_FOUND', `There is no resource ${uri}.`);
    return provider.read(context, uri);
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

function parseCursor(cursor: string | undefined): { family: number; inner: string | undefined } {
  if (cursor === undefined) return { family: 0, inner: undefined };
  const match = /^(\d{1,4}):(.*)$/s.exec(cursor);
  if (match === null) throw new AppError('INVALID_ARGUMENT', 'The cursor is not one that a page has given.');
  return { family: Number(match[1]), inner: match[2] === '' ? undefined : match[2] };
}
