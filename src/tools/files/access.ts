import type { Permit } from '../../core/permit.ts';
import type { Principal } from '../../core/principal.ts';
import { FileFinder } from './listing/find-files.ts';
import type { FilesOptions } from './options.ts';
import type { FileServices } from './services.ts';
import { Lookup } from './suggest.ts';

/**
 * The way of tools, resources and prompts to the files: there is none without a principal. What its permit does
 * not allow does not exist, under whatever path.
 */
export interface FileAccess {
  readonly options: FilesOptions;
  seenBy(principal: Pick<Principal, 'permit'>): FileServices;
}

export function accessTo(services: FileServices): FileAccess {
  const views = new WeakMap<Permit, FileServices>();
  return {
    options: services.options,
    seenBy: ({ permit }) => {
      let view = views.get(permit);
      if (view === undefined) views.set(permit, (view = viewOf(services, permit)));
      return view;
    },
  };
}

function viewOf(services: FileServices, permit: Permit): FileServices {
  const sandbox = services.sandbox.seenBy(permit);
  if (sandbox === services.sandbox) return services;
  const finder = new FileFinder(services.ripgrep, sandbox);
  return { ...services, sandbox, finder, lookup: new Lookup(sandbox, finder) };
}
