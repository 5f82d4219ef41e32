import { AppError } from '../../../core/errors.ts';
import type { Prompt } from '../../../core/prompt.ts';
import { callText } from '../../../core/phrases.ts';
import { completePath } from '../resources/path-completion.ts';
import type { FileAccess } from '../access.ts';
import { nameOf, parentOf, quoted, shown } from '../workspace/virtual-path.ts';
import { definePrompt } from './define-prompt.ts';
import { lookAtFile, message } from './first-look.ts';
import { openSource } from './open-source.ts';

const TEXT_KINDS = ['csv', 'tsv', 'json', 'jsonl', 'ndjson', 'geojson'];
const TABLE_KINDS = ['parquet', 'xlsx', 'xlsm'];
const DATA_NAME = new RegExp(`\\.(${[...TEXT_KINDS, ...TABLE_KINDS].join('|')})$`, 'i');
const TABLE_NAME = new RegExp(`\\.(${TABLE_KINDS.join('|')})$`, 'i');
const FIRST_LINES = 20;

export function exploreDataSet(access: FileAccess): Prompt {
  return definePrompt({
    name: 'explore_data_set',
    title: 'Explore a data set',
    description:
      'Finds out what a data file of the workspace holds (columns, types, ranges, gaps, oddities) or answers a question from it, with the rows that show it.',
    scopes: ['files:read'],
    shows: ['list_files', 'read_file'],
    arguments: {
      path: {
        title: 'Data file',
        description: 'CSV, TSV, JSON, JSON Lines, Parquet or .xlsx file, for example /data/orders.csv.',
        required: true,
        complete: (typed, { principal }) => {
          const { sandbox } = access.seenBy(principal);
          return completePath(
            sandbox,
            typed,
            ({ name, kind }) => kind === 'directory' || DATA_NAME.test(name),
          );
        },
      },
      question: {
        title: 'Question',
        description: 'What to find out. Without it: an overview of the data.',
        required: false,
      },
    },
    async messages(context, { path: spelling = '', question }) {
      const services = access.seenBy(context.principal);
      const { path, kind } = await openSource(services, context, 'explore_data_set', { path: spelling });
      if (kind !== 'file' || !DATA_NAME.test(path)) throw noDataSet(path, kind === 'directory');
      const look = { paths: [path], max_lines: FIRST_LINES };
      return [message(instructions(path, question)), await lookAtFile(services, context, look)];
    },
  });
}

function instructions(path: string, question: string | undefined): string {
  const isTable = TABLE_NAME.test(path);
  const task =
    question === undefined
      ? `Explore the data set ${shown(path)} and tell me what is in it.`
      : `Answer a question from the data set ${shown(path)}: ${question}`;
  const unit = isTable ? 'row' : 'line';
  const count = callText('search_files', { pattern: '…', path: shown(path), mode: 'count' });
  const steps = [
    `The first look below shows how it begins; its closing line says how many ${unit}s there are.`,
    `See more with ${callText('read_file', { paths: [shown(path)], start_line: FIRST_LINES + 1 })}, then go on where the closing line says; a negative start_line shows the end. Look at the start, the middle and the end before you judge a column.`,
    isTable
      ? 'search_files does not see into this format: what you say of it rests on the rows that you have read.'
      : `${count} counts the lines of the whole file that hold a text, or match an expression with "regex":true: take it for how often a value occurs, for empty fields and malformed lines, instead of estimating.`,
    `${callText('search_files', { pattern: nameOf(path), mode: 'files' })} finds documents and programs that mention the file: they may say what columns mean.`,
    'Work out no sums, means or shares over rows that you have not read. Say of each figure whether it holds for the whole file or for which part.',
  ];
  const answer =
    question === undefined
      ? 'Answer with: what one row stands for; a table of the columns (name, type, meaning, example, missing values); the period and the keys covered; oddities such as duplicates, gaps and outliers, each with its line; three questions that the data could answer.'
      : 'Answer the question first, in one paragraph. Then show how you found it: the calls, the rows with their line numbers, and what remains uncertain. If the data cannot answer it, say what is missing.';
  return [task, steps.map((step, index) => `${index + 1}. ${step}`).join('\n'), answer].join('\n\n');
}

function noDataSet(path: string, isFolder: boolean): AppError {
  const glob = `*.{${[...TEXT_KINDS, ...TABLE_KINDS].join(',')}}`;
  return new AppError(
    'INVALID_ARGUMENT',
    `${quoted(path)} is ${isFolder ? 'a folder' : 'no data set'}: CSV, TSV, JSON, JSON Lines, Parquet and .xlsx files can be explored.`,
    {
      next: `${callText('list_files', { path: isFolder ? path : parentOf(path), glob })} shows those that there are`,
    },
  );
}
