export { renderEffective } from './effective.ts';
export { loadConfig, resolveConfig } from './load.ts';
export { ConfigurationError } from './problems.ts';
export type { Config } from './schema.ts';
