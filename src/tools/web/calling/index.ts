import type { CreateFetch } from '../../../core/fetch.ts';
import type { ToolFeature } from '../../../core/tool-feature.ts';
import type { ForeignText } from '../foreign-text.ts';
import { Api } from './api.ts';
import { callApiTool } from './call-api.ts';
import type { ApiOptions } from './options.ts';

interface Surroundings {
  readonly createFetch: CreateFetch;
  readonly foreign: ForeignText;
}

/** @param options At least one. */
export function createApiTools(
  options: readonly ApiOptions[],
  { createFetch, foreign }: Surroundings,
): Pick<ToolFeature, 'tools' | 'checks' | 'sources'> {
  const apis = options.map((api) => new Api(api, { createFetch }));
  return {
    tools: [callApiTool(apis, foreign)],
    checks: apis.map(({ check }) => check),
    sources: apis.map(({ source }) => source),
  };
}
