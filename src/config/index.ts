export { renderEffective } from './effective.ts';
export { loadConfig, resolveConfig } from './load.ts';
export { ConfigurationError } from '../core/configuration-error.ts';
export type { Config } from './schema.ts';
