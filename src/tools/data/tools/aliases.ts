/** Names that models use for the parameters of the data tools, beside the common ones. */
export const SOURCE_ALIASES = {
  database: 'source',
  db: 'source',
  connection: 'source',
  data_source: 'source',
  statement: 'sql',
  parameters: 'params',
  args: 'params',
  bindings: 'params',
} as const;
