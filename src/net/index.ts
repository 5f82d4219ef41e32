export { createGuardedFetch, type GuardedFetchOptions } from './guarded-fetch.ts';
