import type { ResourceContents } from '../core/content.ts';
import { contentIn } from './older-content.ts';
import { inPlace, inRounds, revisionOf, type Serving } from './serving.ts';

// An agent needs to see few completions; the protocol's bound is 100 (server/utilities/completion).
const MAX_COMPLETIONS = 100;

export function serveResources(serving: Serving): void {
  const { server, definitions, guard } = serving;
  const { resources } = definitions;
  server.setRequestHandler('resources/list', (request, handler) =>
    inPlace(serving, handler, {
      async run(call) {
        const { items, ...rest } = await resources.page(call, request.params?.cursor);
        return { resources: [...items], ...rest };
      },
    }),
  );
  server.setRequestHandler('resources/templates/list', (request, handler) =>
    guard(handler, ({ principal }) => {
      const { items, ...rest } = resources.templates(principal, request.params?.cursor);
      return { resourceTemplates: [...items], ...rest };
    }),
  );
  server.setRequestHandler('resources/read', (request, handler) => {
    const { uri } = request.params;
    return inPlace(serving, handler, {
      uri,
      counts: true,
      async run(call): Promise<{ contents: ResourceContents[] }> {
        return { contents: [...(await resources.read(call, uri))] };
      },
    });
  });
}

export function servePrompts(serving: Serving): void {
  const { server, definitions, guard } = serving;
  const { prompts } = definitions;
  server.setRequestHandler('prompts/list', (request, handler) =>
    guard(handler, ({ principal }) => {
      const { items, ...rest } = prompts.page(principal, request.params?.cursor);
      return { prompts: [...items], ...rest };
    }),
  );
  server.setRequestHandler('prompts/get', (request, handler) => {
    const { name, arguments: values = {} } = request.params;
    const asking = { ...request.params, counting: 'freely' } as const;
    return inRounds(serving, handler, asking, (answered) =>
      inPlace(serving, handler, {
        answered,
        counts: true,
        async run(call) {
          const { description, messages } = await prompts.get(call, name, values);
          const revision = revisionOf(server);
          return {
            description,
            messages: messages.map(({ role, content }) => ({ role, content: contentIn(revision, content) })),
          };
        },
      }),
    );
  });
}

export function serveCompletion(serving: Serving): void {
  const { server, definitions } = serving;
  const { resources, prompts } = definitions;
  server.setRequestHandler('completion/complete', (request, handler) =>
    inPlace(serving, handler, {
      async run(call) {
        const { ref, argument } = request.params;
        const values =
          ref.type === 'ref/resource'
            ? await resources.complete(call, ref.uri, argument)
            : await prompts.complete(call, ref.name, argument);
        return {
          completion: { values: values.slice(0, MAX_COMPLETIONS), hasMore: values.length > MAX_COMPLETIONS },
        };
      },
    }),
  );
}
