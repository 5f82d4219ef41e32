import { AppError } from '../../../src/core/errors.ts';
import type { ResourceProvider } from '../../../src/core/resource.ts';
import { PNG } from './samples.ts';

const WATCHED = 'test://watched-resource';
const CHANGES_EVERY_MS = 1000;

export const resources: readonly ResourceProvider[] = [
  {
    prefix: 'test://',
    scopes: [],
    templates: [
      { uriTemplate: 'test://template/{id}/data', name: 'Template data', mimeType: 'application/json' },
    ],
    list: () =>
      Promise.resolve({
        resources: [
          { uri: 'test://static-text', name: 'Static text', mimeType: 'text/plain' },
          { uri: 'test://static-binary', name: 'Static binary', mimeType: 'image/png' },
          { uri: WATCHED, name: 'Watched resource', mimeType: 'text/plain' },
        ],
      }),
    read(_context, uri) {
      const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
      if (id !== undefined) {
        const data = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
        return Promise.resolve([{ uri, mimeType: 'application/json', text: data }]);
      }
      switch (uri) {
        case 'test://static-text':
          return Promise.resolve([
            { uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' },
          ]);
        case 'test://static-binary':
          return Promise.resolve([{ uri, mimeType: 'image/png', blob: PNG }]);
        case WATCHED:
          return Promise.resolve([{ uri, mimeType: 'text/plain', text: `Version ${versionNow()}.` }]);
        default:
          return Promise.reject(new AppError('PATH_NOT_FOUND', `There is no resource ${uri}.`));
      }
    },
    complete: (_context, _variable, typed) =>
      Promise.resolve(['1', '2', '10'].filter((id) => id.startsWith(typed))),
    watch(report) {
      let isFollowed = false;
      const timer = setInterval(() => {
        if (isFollowed) report({ kind: 'updated', uri: WATCHED, version: versionNow() });
      }, CHANGES_EVERY_MS);
      return {
        follow: ({ uris }) => {
          isFollowed = uris.has(WATCHED);
        },
        close: () => {
          clearInterval(timer);
          return Promise.resolve();
        },
      };
    },
  },
];

/** The same in every process. */
function versionNow(): string {
  return String(Math.floor(Date.now() / CHANGES_EVERY_MS));
}
