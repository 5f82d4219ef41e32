import * as z from 'zod';
import { setting } from '../../core/setting.ts';

const DENIED_BY_DEFAULT = [
  '.env*',
  '.git/',
  '.ssh/',
  '.gnupg/',
  '.aws/',
  '.kube/',
  '.netrc',
  '.npmrc',
  '.pypirc',
  '.htpasswd',
  '.git-credentials',
  'id_rsa*',
  'id_ed25519*',
  'id_ecdsa*',
  '*.pem',
  '*.key',
  '*.p12',
  '*.pfx',
  '*.jks',
  '*.keystore',
  '*.kdbx',
];

const access = z.enum(['read', 'write']);

/** Each appears as `/<name>`. */
const workspace = z.strictObject({
  name: setting(
    z.string().regex(/^[a-z0-9][a-z0-9_-]{0,49}$/, 'must be of lower-case letters, digits, - and _'),
    {
      description: 'What it is called: its folder is /<name>, and policies name it so.',
      example: 'handbook',
    },
  ),
  path: setting(z.string().min(1), {
    description: 'Folder of the machine. A relative path starts at the working directory.',
    example: '/srv/handbook',
  }),
  access: setting(access, {
    description: 'Whether tools may write there, as far as scopes and policy let them.',
    example: 'read',
  }),
  description: setting(z.string().trim().min(1).max(200).optional(), {
    description: 'What is in it, for the agent. It stands in the listing of /.',
    example: 'How we work, kept by the people team',
  }),
});

const workspaces = z
  .array(workspace)
  .max(50)
  .superRefine((list, context) => {
    for (const [index, { name }] of list.entries()) {
      if (list.findIndex((other) => other.name === name) === index) continue;
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `"${name}" is taken` });
    }
  });

const watch = z.object({
  maxDirectories: setting(z.int().min(1).max(1_000_000).default(4096), {
    description:
      'Folders of the workspace that each process watches for changes, for clients that want to hear of them. In a workspace with more of them changes of the list are not told, only those of the files that clients follow. Each takes one of the watches that the system gives a user (fs.inotify.max_user_watches).',
    example: 20_000,
  }),
  pollMs: setting(z.int().min(0).max(3_600_000).default(0), {
    description:
      'How often changes are looked for that the system does not tell of, as on network file systems, in milliseconds. With 0 that is once a minute.',
    example: 10_000,
  }),
});

const trash = z.object({
  days: setting(z.int().min(0).max(36_500).default(30), {
    description:
      'How long what delete_file removed stays in the trash, in days. With 0 it stays until "fairlead trash empty".',
    example: 90,
  }),
});

/** Of the tools that work on the workspace's files. */
export const filesOptions = z.object({
  workspace: setting(z.string().min(1).default('examples/workspace'), {
    description:
      'Folder that the file tools serve. Nothing outside of it can be reached, by whatever path or link. A relative path starts at the working directory.',
    example: '/srv/workspace',
    env: 'FAIRLEAD_WORKSPACE',
  }),
  access: setting(access.default('write'), {
    description: 'Whether tools may write to that folder, as far as scopes and policy let them.',
    example: 'read',
    env: 'FAIRLEAD_WORKSPACE_ACCESS',
  }),
  workspaces: setting(workspaces.default([]), {
    description:
      'Several folders instead of that one, each below a name of its own: /<name>. None may lie in another.',
    example: [{ name: 'handbook', path: '/srv/handbook', access: 'read' }],
    env: false,
  }),
  deny: setting(z.array(z.string().min(1).max(256)).default(DENIED_BY_DEFAULT), {
    description:
      'Files and folders that behave as if they did not exist. A pattern without a slash names a file or folder at any depth, one with a slash a path from the root of the workspace; case does not matter. Setting it replaces the default list.',
    example: ['.env*', '.git/', '*.pem', 'finance/payroll'],
  }),
  maxReadLines: setting(z.int().min(1).max(10_000).default(2000), {
    description: 'Lines that one call of read_file may ask for.',
    example: 1000,
  }),
  maxResourceBytes: setting(z.int().min(1024).max(16_777_216).default(1_048_576), {
    description:
      'Bytes of the largest file that is served whole as a resource, and of the longest part of a larger one.',
    example: 262_144,
  }),
  searchTimeoutMs: setting(z.int().min(100).max(300_000).default(20_000), {
    description: 'Time after which a search is ended, in milliseconds.',
    example: 10_000,
  }),
  maxProcesses: setting(z.int().min(1).max(64).default(4), {
    description:
      'Searches that run at the same time, over all callers, each in one process or two; further ones wait.',
    example: 8,
  }),
  trash: trash.prefault({}),
  watch: watch.prefault({}),
});

export type FilesOptions = z.output<typeof filesOptions>;
