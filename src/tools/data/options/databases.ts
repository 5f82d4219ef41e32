import * as z from 'zod';
import { setting } from '../../../core/setting.ts';

const name = setting(
  z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must be 1 to 32 of a-z, 0-9, "_" and "-", a letter first')
    .refine((value) => value !== 'files', { error: 'is the name of the workspaces’ files' }),
  {
    description: 'What agents and policy rules name the source by.',
    example: 'sales',
  },
);

const common = {
  name,
  description: setting(z.string().max(300).optional(), {
    description: 'What is in it, for the agents.',
    example: 'Orders and customers since 2019',
  }),
  writable: setting(z.boolean().default(false), {
    description:
      'Whether modify_data may change it, one statement at a time. Queries never change anything, whatever this says.',
    example: true,
  }),
  timeoutSeconds: setting(z.int().min(1).max(600).default(30), {
    description: 'How long one statement may run, in seconds. Exports have a limit of their own.',
    example: 60,
  }),
  maxConnections: setting(z.int().min(1).max(50).default(4), {
    description:
      'How many statements run at the same time; others wait, in turn by person. Of several places one person takes all but one at most.',
    example: 8,
  }),
};

function url(protocols: readonly string[]): z.ZodType<string, string> {
  return z.string().refine(
    (value) => {
      const parsed = URL.parse(value);
      return parsed !== null && protocols.includes(parsed.protocol) && parsed.pathname.length > 1;
    },
    { error: `must be ${protocols[0] ?? ''}//user:password@host:port/database` },
  );
}

function server(protocols: readonly string[], example: string) {
  const scheme = protocols[0] ?? '';
  return {
    ...common,
    url: setting(url(protocols), {
      description:
        'Where the database is and whom to sign in as: an account that may read what agents may see, and nothing else.',
      example,
      secret: true,
    }),
    writeUrl: setting(url(protocols).optional(), {
      description: 'The same with the account that changes are made by; needed where `writable` is true.',
      example: `${scheme}//agent_writer:\${SALES_WRITE_PASSWORD}@db.example.com/sales`,
      secret: true,
    }),
    schemas: setting(z.array(z.string().min(1).max(128)).default([]), {
      description:
        'Which schemas describe_data shows. Empty: all that the account can read. What the account can read can be queried, whatever this says.',
      example: ['public', 'reporting'],
    }),
    tls: setting(z.enum(['verify', 'encrypt', 'off']).optional(), {
      description:
        'How the connection is protected. "verify": TLS, and the server’s certificate is checked. "encrypt": TLS without that check. Default: "verify", and "off" for loopback addresses and sockets.',
      example: 'verify',
    }),
    caFile: setting(z.string().min(1).optional(), {
      description: 'File with the certificates (PEM) by which the server’s own is checked.',
      example: '/etc/fairlead/db-ca.pem',
    }),
  };
}

const WITHOUT_ACCOUNT = { error: 'is writable, so it needs a writeUrl' };

const sqliteSource = z.strictObject({
  ...common,
  kind: z.literal('sqlite'),
  path: setting(z.string().startsWith('/', 'must be an absolute path'), {
    description: 'The file of the database on this machine.',
    example: '/srv/shop/shop.sqlite',
  }),
});

const postgresSource = z
  .strictObject({
    ...server(
      ['postgres:', 'postgresql:'],
      'postgres://agent_reader:${SALES_PASSWORD}@db.example.com:5432/sales',
    ),
    kind: z.literal('postgres'),
  })
  .refine(hasWriter, WITHOUT_ACCOUNT);

const mysqlSource = z
  .strictObject({
    ...server(['mysql:', 'mariadb:'], 'mysql://agent_reader:${SHOP_PASSWORD}@db.example.com:3306/shop'),
    kind: z.literal('mysql'),
  })
  .refine(hasWriter, WITHOUT_ACCOUNT);

/** One database that SQL can be asked of. */
export const databaseSource = z.discriminatedUnion('kind', [sqliteSource, postgresSource, mysqlSource]);

export type DatabaseOptions = z.output<typeof databaseSource>;
export type SqliteOptions = z.output<typeof sqliteSource>;
export type ServerOptions = z.output<typeof postgresSource> | z.output<typeof mysqlSource>;

function hasWriter({ writable, writeUrl }: { writable: boolean; writeUrl?: string | undefined }): boolean {
  return !writable || writeUrl !== undefined;
}
