import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Store } from '../../../../../src/core/store.ts';
import { openStore } from '../../../../../src/store/index.ts';
import { RunStore } from '../../../../../src/tools/jobs/running/run-store.ts';
import { openJobs, runIdIn, shellJob } from '../../../../fixtures/job-tools.ts';
import { principalOf } from '../../../../fixtures/principal.ts';
import { heldRead, withVerb } from '../../../../fixtures/racing-store.ts';
import { recordTelemetry } from '../../../../fixtures/recorded-telemetry.ts';

const quick = { graceSeconds: 0.1 };

/** A store where something happens before a run shows that it is alive. */
function beforeBeat(store: Store, happens: () => Promise<void>): Store {
  const put: Store['put'] = async (key, ...rest) => {
    if (key.startsWith('jobs:alive:')) await happens();
    await store.put(key, ...rest);
  };
  return withVerb(store, 'put', put);
}

describe('the output of a run', () => {
  it('is shown from its end, with the calls that show more of it', async () => {
    const jobs = await openJobs([shellJob('count', 'seq 1 300')]);
    const answer = await jobs.call('run_job', { job: 'count' });
    const id = runIdIn(answer);
    expect(answer).toContain('--- output ---\n251\n');
    expect(answer).toContain(
      `[the last 50 of 300 lines, 1.1 kB; more: get_job {"run_id":"${id}","tail_lines":200}]`,
    );
    expect(await jobs.call('get_job', { run_id: id, tail_lines: 2 })).toContain(
      '--- output ---\n299\n300\n--- end',
    );
    expect(await jobs.call('get_job', { run_id: id, tail_lines: 1000 })).toContain(
      '[all 300 lines of output]',
    );
    expect(await jobs.call('get_job', { run_id: id, tail_lines: 0 })).not.toContain('--- output ---');
    expect(jobs.kept).toEqual([]);
  });

  it('is kept as a file where it is long: the store has its first and its last lines', async () => {
    const jobs = await openJobs([shellJob('long', 'seq 1 50000')]);
    const id = runIdIn(await jobs.call('run_job', { job: 'long' }));
    expect(jobs.kept).toEqual([
      {
        name: `long-${id.slice(0, 8)}.log`,
        content: Array.from({ length: 50_000 }, (_, index) => `${index + 1}\n`).join(''),
      },
    ]);
    const answer = await jobs.call('get_job', { run_id: id, tail_lines: 3 });
    expect(answer).toContain('49998\n49999\n50000\n--- end of output ---');
    expect(answer).toContain(`all of it: read_file {"paths":["/.scratch/long-${id.slice(0, 8)}.log"]}`);
  });

  it('waits for the disk as often as it has to, with nothing left over from each time', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);
    const jobs = await openJobs([shellJob('flood', 'yes | head -c 8000000')]);
    await jobs.call('run_job', { job: 'flood' });
    process.off('warning', note);
    expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
    expect(jobs.kept[0]?.content).toHaveLength(8_000_000);
  });

  it('keeps to the budget of a call, and long lines are cut', async () => {
    const jobs = await openJobs([
      shellJob('wide', 'for i in 1 2 3 4 5 6 7 8 9; do head -c 3000 /dev/zero | tr "\\0" x; echo; done'),
    ]);
    const answer = await jobs.call('run_job', { job: 'wide' }, { budget: 2000 });
    expect(answer).toContain('… [1,000 more characters]\n');
    expect(answer).toMatch(/\[the last 2 of 9 lines, 27 kB; all of it: read_file /);
  });

  it('is told with a call that shows more of it, or that nothing does', async () => {
    const jobs = await openJobs([
      shellJob('middle', 'seq -f %0200.f 300'),
      shellJob('line', 'head -c 200000 /dev/zero | tr "\\0" x'),
      shellJob('open', 'head -c 120000 /dev/zero | tr "\\0" x; until [ -e go ]; do sleep 0.05; done', quick),
    ]);
    const closing = async (job: string): Promise<string | undefined> =>
      (await jobs.call('run_job', { job })).split('\n').at(-1);
    // It does not fit into one answer, whatever the number of lines that is asked for.
    expect(await closing('middle')).toMatch(/^\[the last 50 of 300 lines, 60 kB; all of it: read_file \{/);
    expect(await closing('line')).toMatch(/^\[the last 1 of 1 line, 200 kB; all of it: read_file \{/);
    const id = await jobs.start('open');
    await expect
      .poll(async () => (await jobs.call('get_job', { run_id: id })).replaceAll(/x+/g, 'x').split('\n'))
      .toEqual([
        expect.stringContaining('open is running'),
        ...['--- output ---', '[part of a line left out]', 'x… [47,152 more characters]'],
        '--- end of output ---',
        `[the last 1 of 1 line, 120 kB; the rest is kept as a file when the run has ended; go on with get_job {"run_id":"${id}"}]`,
      ]);
    await jobs.call('cancel_job', { run_id: id });
  });

  it('is text without what moves a terminal, whole across the borders of reads', async () => {
    const jobs = await openJobs([
      shellJob(
        'colours',
        `printf '\\033[31mred\\033[0m \\360\\237'; sleep 0.1; printf '\\231\\202 \\377\\n'`,
      ),
    ]);
    expect(await jobs.call('run_job', { job: 'colours' })).toContain('\nred \u{1f642} \ufffd\n');
  });
});

describe('the end of a run', () => {
  it('is written when nothing else is that would say it goes on', async () => {
    const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
    const slow = heldRead(store, 'jobs:cancelled:');
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-jobs-test-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const here = await openJobs([shellJob('one', 'until [ -e go ]; do sleep 0.02; done', { cwd: folder })], {
      store: slow.store,
    });
    const id = await here.start('one');
    await slow.held;
    writeFileSync(join(folder, 'go'), '');
    const ended = here.telemetry.audits;
    await expect.poll(() => ended.map(({ action }) => action)).toContain('job.ended');
    const stored = () => new RunStore(store, 60).find(principalOf(), id);
    expect(await stored()).toMatchObject({ status: 'running' });
    slow.release();
    await expect.poll(stored).toMatchObject({ status: 'succeeded' });
  });

  it('comes with the server that was about to begin it', async () => {
    const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
    const steps = new EventEmitter();
    const [asked, allowed] = [once(steps, 'asked'), once(steps, 'allowed')];
    const slow = beforeBeat(store, async () => {
      steps.emit('asked');
      await allowed;
    });
    const jobs = await openJobs([shellJob('one', 'sleep 20', quick)], { store: slow });
    const answer = jobs.call('run_job', { job: 'one' });
    await asked;
    const closed = jobs.feature.close();
    steps.emit('allowed');
    await closed;
    expect(jobs.telemetry.audits.map(({ action }) => action)).toEqual(['job.started', 'job.ended']);
    expect(await answer).toContain('(interrupted)');
  });

  it('comes at once where the store cannot be told of it: nothing is left', async () => {
    const store = await openStore({ url: 'memory' }, { dataDir: '', logger: recordTelemetry().logger });
    const jobs = await openJobs([shellJob('one', 'true')], {
      store: beforeBeat(store, () => Promise.reject(new Error('out of order'))),
    });
    await expect(jobs.call('run_job', { job: 'one' })).rejects.toThrow('out of order');
    const own = `fairlead-job-${process.pid}-`;
    expect((await readdir(tmpdir())).filter((name) => name.startsWith(own))).toEqual([]);
    expect(await store.get('jobs:place:one:0')).toBe(undefined);
  });

  it('does not tell where its program is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-jobs-test-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const program = join(folder, 'report');
    writeFileSync(program, '#!/nowhere/sh\n', { mode: 0o755 });
    const jobs = await openJobs([{ ...shellJob('broken', ''), command: [program] }]);
    const answer = await jobs.call('run_job', { job: 'broken' });
    expect(answer).toContain('failed, exit code 127');
    expect(answer).toMatch(/execute report: /);
    expect(answer).not.toContain(folder);
  });
});

describe('the surroundings of a run', () => {
  it('are its own: nothing of the environment of the server, an empty folder, empty input', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairlead-jobs-test-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, 'token'), 'from-a-file\n');
    const job = shellJob(
      'env',
      'env | sed "s/=.*fairlead-job-.*/=own/;/^FAIRLEAD_MARK=/d" | sort; ls -A | wc -l; cat; pwd | grep -c fairlead-job',
      {
        env: { TOKEN: 'declared' },
        envFiles: { SECRET: join(folder, 'token') },
      },
    );
    const jobs = await openJobs([job]);
    const answer = await jobs.call('run_job', { job: 'env' });
    expect(answer.split('\n').slice(2, -2)).toEqual([
      ...[
        'HOME=own',
        'LANG=C.UTF-8',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'PWD=own',
      ],
      ...['SECRET=from-a-file', 'TMPDIR=own', 'TOKEN=declared', '0', '1'],
    ]);
  });

  it('are limited by what is declared', async () => {
    const limits = { memoryMb: 64, cpuSeconds: 7, fileMb: 2, cwd: '/' };
    const jobs = await openJobs([
      shellJob(
        'limits',
        'ulimit -d; ulimit -t; ulimit -f; ulimit -c; pwd; head -c 3000000 /dev/zero > "$TMPDIR/x"',
        limits,
      ),
    ]);
    const answer = await jobs.call('run_job', { job: 'limits' });
    expect(answer.split('\n').slice(2, 7)).toEqual(['65536', '7', '4096', '0', '/']);
    expect(answer).toContain('failed');
  });

  it('are removed where a process of the server could not', async () => {
    // No process has this number: it is beyond what the kernel gives.
    const forsaken = join(tmpdir(), 'fairlead-job-99999999-abcdef');
    // In a container the process before this one had the same number.
    const older = join(tmpdir(), `fairlead-job-${process.pid}-abcdef`);
    await Promise.all([mkdir(forsaken), mkdir(older)]);
    await utimes(older, 0, 0);
    const jobs = await openJobs([shellJob('first', 'true')]);
    await jobs.call('run_job', { job: 'first' });
    await expect.poll(() => [existsSync(forsaken), existsSync(older)]).toEqual([false, false]);
  });

  it('must be there', async () => {
    const jobs = await openJobs([shellJob('gone', 'true', { cwd: '/nowhere' })]);
    expect(await jobs.failure('run_job', { job: 'gone' })).toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      message: 'The job gone cannot run on this server at present.',
    });
  });
});
