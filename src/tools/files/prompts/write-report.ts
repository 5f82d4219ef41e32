import type { Prompt } from '../../../core/prompt.ts';
import { callText } from '../../../core/phrases.ts';
import { completePath } from '../resources/path-completion.ts';
import type { FileAccess } from '../access.ts';
import { shown } from '../workspace/virtual-path.ts';
import { completeChoice, definePrompt } from './define-prompt.ts';
import { lookAtFile, lookAtFolder, message } from './first-look.ts';
import { openSource } from './open-source.ts';

const AUDIENCES = ['the team', 'management', 'new colleagues', 'engineers', 'customers', 'auditors'];
const FIRST_LINES = 60;

export function writeReport(access: FileAccess): Prompt {
  return definePrompt({
    name: 'write_report',
    title: 'Write a report',
    description:
      'Gathers what the files of the workspace say on a topic and writes a report in which every statement names its source.',
    scopes: ['files:read'],
    shows: ['list_files', 'read_file'],
    arguments: {
      topic: {
        title: 'Topic',
        description: 'What the report is about, for example the incident of 17 March.',
        required: true,
      },
      sources: {
        title: 'Sources',
        description: 'Folder or file to draw on, for example /meetings. Without it: the whole workspace.',
        required: false,
        complete: (typed, { principal }) => completePath(access.seenBy(principal).sandbox, typed),
      },
      audience: {
        title: 'Audience',
        description: 'Who reads it, for example management. Without it: the team.',
        required: false,
        complete: completeChoice(AUDIENCES),
      },
    },
    async messages(context, { topic = '', sources: spelling = '/', audience = 'the team' }) {
      const services = access.seenBy(context.principal);
      const source = await openSource(services, context, 'write_report', { sources: spelling });
      const isFolder = source.kind === 'directory';
      const look = isFolder
        ? await lookAtFolder(services, context, { path: source.path, depth: 2 })
        : await lookAtFile(services, context, { paths: [source.path], max_lines: FIRST_LINES });
      return [message(instructions({ topic, audience, path: source.path, isFolder })), look];
    },
  });
}

interface Assignment {
  readonly topic: string;
  readonly audience: string;
  readonly path: string;
  readonly isFolder: boolean;
}

function instructions({ topic, audience, path, isFolder }: Assignment): string {
  const task = [
    `Write a report for ${audience}, from ${isFolder ? 'the files in' : 'the file'} ${shown(path)}.`,
    `Its topic: ${topic}`,
  ].join('\n');
  const gather = isFolder
    ? [
        `Find what bears on the topic: ${callText('search_files', { pattern: '…', path: shown(path), mode: 'files' })} with several words for it, also those that only insiders use; the listing below shows what else may matter by its name.`,
        'Read it with read_file, up to ten files in one call, and go on where the closing line says.',
      ]
    : [
        `Read it whole: ${callText('read_file', { paths: [shown(path)] })}, and go on where the closing line says. The first look below is its beginning.`,
        `${callText('search_files', { pattern: '…', path: shown(path) })} finds the places that bear on the topic.`,
      ];
  const steps = [
    ...gather,
    'Where sources disagree, or one is older than the other, report both and say so. What no source says, leave out or mark as open; add nothing from elsewhere.',
    'Answer with the report itself, as Markdown; it is not stored.',
  ];
  const form = `The report has: a title; a summary of at most five sentences that ${audience} can act on; the body, each statement with its source in brackets (path and line); open questions; the list of sources that you have read.`;
  return [task, steps.map((step, index) => `${index + 1}. ${step}`).join('\n'), form].join('\n\n');
}
