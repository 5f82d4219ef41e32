import type * as z from 'zod';

/** What a setting tells about itself; the documents and error messages are made from it. */
export interface SettingMeta {
  /** One or two sentences: what it does, its unit, when to change it. */
  readonly description: string;
  /** A value as a person would write it. */
  readonly example: unknown;
  /**
   * The environment variable, where it is not `FAIRLEAD_` and the setting's path
   * (`auth.accessTokenTtl` is `FAIRLEAD_AUTH_ACCESS_TOKEN_TTL`). `false` for what only the file can hold.
   */
  readonly env?: string | false;
  /** A secret is masked wherever configuration is shown, and can be read from a file by `<ENV>_FILE`. */
  readonly secret?: boolean;
  /** Which values of a secret hold none, and are shown as they are. */
  readonly harmless?: RegExp;
}

/**
 * Marks a schema as one setting of the configuration. Put the default inside:
 * `setting(z.int().default(3000), {…})`.
 */
export function setting<S extends z.ZodType>(schema: S, meta: SettingMeta): S {
  return schema.meta({ ...meta });
}
