import { LRUCache } from 'lru-cache';
import type { Permit } from '../../core/permit.ts';
import type { Principal } from '../../core/principal.ts';
import { FileFinder } from './listing/find-files.ts';
import type { FilesOptions } from './options.ts';
import type { ScratchArea } from './scratch/scratch-area.ts';
import type { FileServices } from './services.ts';
import { Lookup } from './suggest.ts';

/**
 * The way of tools, resources and prompts to the files: there is none without a principal. What its permit does
 * not allow does not exist, under whatever path; what is kept for others does not either.
 */
export interface FileAccess {
  readonly options: FilesOptions;
  seenBy(principal: Pick<Principal, 'permit' | 'subject'>): FileServices;
}

// Of each permit; a view is small, and made in microseconds.
const MAX_SUBJECTS = 500;

export function accessTo(services: FileServices, scratch: ScratchArea): FileAccess {
  const views = new WeakMap<Permit, LRUCache<string, FileServices>>();
  return {
    options: services.options,
    seenBy: ({ permit, subject }) => {
      let bySubject = views.get(permit);
      if (bySubject === undefined) views.set(permit, (bySubject = new LRUCache({ max: MAX_SUBJECTS })));
      let view = bySubject.get(subject);
      if (view === undefined) {
        const mounts = services.sandbox.mounts.seenBy(permit, scratch.rootOf(subject));
        const sandbox = services.sandbox.with(mounts);
        const finder = new FileFinder(services.ripgrep, sandbox);
        view = { ...services, sandbox, finder, lookup: new Lookup(sandbox, finder) };
        bySubject.set(subject, view);
      }
      return view;
    },
  };
}
