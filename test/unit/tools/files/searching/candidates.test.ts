import { expect, it, onTestFinished } from 'vitest';
import { Slots } from '../../../../../src/core/slots.ts';
import { toolsOptions } from '../../../../../src/tools/options.ts';
import { Ripgrep, type RipgrepEnd, type RipgrepRun } from '../../../../../src/tools/files/ripgrep.ts';
import { findCandidates, type Mark } from '../../../../../src/tools/files/searching/candidates.ts';
import { Omissions } from '../../../../../src/tools/files/searching/omissions.ts';
import type { SearchQuery } from '../../../../../src/tools/files/searching/query.ts';
import { createFileServices } from '../../../../../src/tools/files/services.ts';
import { makeFolder } from '../../../../fixtures/file-tools.ts';
import { openToolsContext } from '../../../../fixtures/tools-context.ts';

const query: SearchQuery = {
  pattern: 'x',
  path: '/',
  glob: [],
  regex: false,
  case: 'smart',
  context: 0,
  mode: 'matches',
};
const FINISHED: RipgrepEnd = { how: 'finished', complaint: undefined, isOutOfMemory: false };

/** Tells what it is given, each search in pieces. One without order ends by itself when it has one piece, the other with any. */
class Scripted extends Ripgrep {
  readonly runs: RipgrepRun[] = [];
  /** To the output of the search without order. */
  readonly answers: (boolean | number)[] = [];
  readonly #inOrder: readonly string[];
  readonly #onAll: readonly string[];

  constructor(...[inOrder, onAll, ...rest]: [string[], string[], ...ConstructorParameters<typeof Ripgrep>]) {
    super(...rest);
    this.#inOrder = inOrder;
    this.#onAll = onAll;
  }

  override async run(run: RipgrepRun): Promise<RipgrepEnd> {
    this.runs.push(run);
    const isOrdered = run.args.includes('--sort=path');
    for (const record of isOrdered ? this.#inOrder : this.#onAll) {
      const answer = run.onOutput(Buffer.from(record));
      if (!isOrdered) this.answers.push(answer);
      if (answer === false) return { ...FINISHED, how: 'stopped' };
    }
    if (isOrdered ? this.#inOrder.length > 0 : this.#onAll.length === 1) return FINISHED;
    return new Promise((_resolve, reject) => {
      run.signal.addEventListener('abort', () => {
        reject(run.signal.reason as Error);
      });
    });
  }
}

async function find(inOrder: string[], onAll: string[], from: Mark = { file: '', skip: 0 }) {
  const context = await openToolsContext();
  onTestFinished(() => context.release());
  const { files } = toolsOptions.parse({ files: { workspace: await makeFolder() } });
  const services = createFileServices(files, context);
  const ripgrep = new Scripted(inOrder, onAll, context.processes, new Slots(1));
  const directory = await services.sandbox.open('/');
  onTestFinished(() => directory.close());
  const found = await findCandidates({
    ...{ services: { ...services, ripgrep }, directory, query, from },
    ...{ wanted: 30, perFile: 20, omissions: new Omissions(), signal: new AbortController().signal },
  });
  return { found, runs: ripgrep.runs, answers: ripgrep.answers };
}

it('a search of all files rests when it has filled a page, and is ended once an ordered one has done so', async () => {
  const inOrder = ['./a\0' + '20\n', './b\0' + '10\n', './c\0' + '1\n', './d\0' + '1\n'];
  const { found, runs, answers } = await find(inOrder, ['./z\0' + '20\n./d\0', '1\n./b\0' + '10\n']);
  expect(found).toEqual({ files: ['a', 'b'], next: 'c' });
  expect(answers).toEqual([true, expect.any(Number)]);
  expect(runs.map(({ signal, isBeside = false }) => [isBeside, signal.aborted])).toEqual([
    [false, true],
    [true, true],
  ]);
});

it('no ordered search is begun for what does not fill a page', async () => {
  const { found, runs } = await find([], ['./b/y\0' + '9\n./b.x\0' + '2\n./a\nb\0' + '3\n']);
  expect(found).toEqual({ files: ['a\nb', 'b/y', 'b.x'], next: undefined });
  expect(runs).toHaveLength(1);
});

it('a page that goes on in a file counts what is left of it', async () => {
  const records = './a\0' + '20\n./b\0' + '38\n./c\0' + '20\n./d\0' + '9\n./e\0' + '1\n';
  const { found } = await find([], [records], { file: 'b', skip: 36 });
  expect(found).toEqual({ files: ['b', 'c', 'd'], next: 'e' });
});

it('of many thousands of files those are taken that come first', async () => {
  const names = Array.from({ length: 25_000 }, (_, index) => `f${(index * 7919) % 25_000}`);
  const { found } = await find([], [names.map((name) => `./${name}\0` + '10\n').join('')]);
  expect(found).toEqual({ files: ['f0', 'f1', 'f10'], next: 'f100' });
});
