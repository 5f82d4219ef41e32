import { registerHooks } from 'node:module';

const SPECIFIERS: Readonly<Record<string, string>> = {
  'fairlead/tool': 'tool',
  'fairlead/testing': 'testing',
};

const FORMATS: Readonly<Record<string, string>> = {
  '.ts': 'module-typescript',
  '.mts': 'module-typescript',
  '.js': 'module',
  '.mjs': 'module',
};

/** Files that were announced as tool files. */
const announced = new Set<string>();
let isRegistered = false;

/**
 * From now on, whatever imports `fairlead/tool` in this process gets this very program, wherever the importing
 * file lies: below no `node_modules`, or below one with another Fairlead, whose tools and errors would be
 * strangers here. Tool files are modules, whatever a `package.json` near them says, so that none is needed.
 */
export function provideToolEntry(fileUrls: readonly string[]): void {
  for (const url of fileUrls) announced.add(url);
  if (isRegistered) return;
  isRegistered = true;
  registerHooks({
    resolve: (specifier, context, next) => {
      const entry = SPECIFIERS[specifier];
      if (entry !== undefined) return { url: entryUrl(entry), shortCircuit: true };
      const resolved = next(specifier, context);
      const format = announced.has(resolved.url)
        ? FORMATS[/\.[a-z]+$/.exec(resolved.url)?.[0] ?? '']
        : undefined;
      return format === undefined ? resolved : { ...resolved, format };
    },
  });
}

/** The file is at the root of the sources, and beside every other in the build. */
function entryUrl(name: string): string {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(isSource ? `../../${name}.ts` : `./${name}.js`, import.meta.url).href;
}
