import { AppError } from '../../../core/errors.ts';
import type { Prompt } from '../../../core/prompt.ts';
import { callText } from '../../../core/phrases.ts';
import { completePath } from '../resources/path-completion.ts';
import type { FileAccess } from '../access.ts';
import { parentOf, quoted, shown } from '../workspace/virtual-path.ts';
import { completeChoice, definePrompt } from './define-prompt.ts';
import { lookAtFolder, message } from './first-look.ts';
import { openSource } from './open-source.ts';

const FOCUSES = [
  'structure and naming',
  'clarity of the texts',
  'outdated statements',
  'contradictions',
  'gaps: what is missing',
  'errors in the code',
  'tests',
  'security and secrets',
];

export function reviewFolder(access: FileAccess): Prompt {
  return definePrompt({
    name: 'review_folder',
    title: 'Review a folder',
    description:
      'Reads through a folder of the workspace and reports what should be better, with the place of each finding and a proposal.',
    scopes: ['files:read'],
    shows: ['list_files'],
    arguments: {
      folder: {
        title: 'Folder',
        description: 'Folder to review, for example /handbook; / is the whole workspace.',
        required: true,
        complete: (typed, { principal }) =>
          completePath(access.seenBy(principal).sandbox, typed, ({ kind }) => kind === 'directory'),
      },
      focus: {
        title: 'Focus',
        description: 'What to look at above all, for example contradictions. Without it: everything.',
        required: false,
        complete: completeChoice(FOCUSES),
      },
    },
    async messages(context, { folder: spelling = '', focus }) {
      const services = access.seenBy(context.principal);
      const { path, kind } = await openSource(services, context, 'review_folder', { folder: spelling });
      if (kind !== 'directory') throw noFolder(path);
      return [message(instructions(path, focus)), await lookAtFolder(services, context, { path, depth: 3 })];
    },
  });
}

function instructions(path: string, focus: string | undefined): string {
  const task =
    focus === undefined
      ? `Review the folder ${shown(path)}: say what it is for, whether it serves that, and what should be better.`
      : `Review the folder ${shown(path)}. Look above all at this: ${focus}`;
  const steps = [
    'The listing below is where you start. If its closing line names a cursor, there is more: go on with it.',
    `Read what matters with read_file, up to ten files in one call; of many alike, read some. ${callText('list_files', { path: shown(path), sort: 'modified' })} shows what was changed last.`,
    `${callText('search_files', { pattern: '…', path: shown(path) })} finds where a name, a rule or a number is mentioned elsewhere: check what the files say of each other.`,
    'Report only what you have seen. Keep a list of what you have not read.',
  ];
  const answer =
    'Answer with the findings, the weightiest first: for each the place (path and line), what is wrong, why it matters, and what it should be instead, word for word where that is short. Then say what is good and should stay, and which files you have not read.';
  return [task, steps.map((step, index) => `${index + 1}. ${step}`).join('\n'), answer].join('\n\n');
}

function noFolder(path: string): AppError {
  return new AppError('INVALID_ARGUMENT', `${quoted(path)} is a file, not a folder.`, {
    next: `get the prompt review_folder with folder ${shown(parentOf(path))}`,
  });
}
