import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectNothingLeftOf } from '../../../fixtures/killed-service.ts';
import { ENDLESS, openPageMaker } from '../../../fixtures/page-makers.ts';

const TEXT = { text: 'x', encoding: undefined, isMainPart: false, isPlain: false };

describe('processes that make pages', () => {
  it('do not run before the first page, and make the next ones', async () => {
    const { make, processes, started } = openPageMaker();
    expect(processes.running).toBe(0);
    expect(await make('<p>x')).toEqual(TEXT);
    expect(await make('<p>x', { subject: 'bob', format: 'text' })).toEqual(TEXT);
    expect(await make('<p>x', { format: 'raw' })).toEqual({ ...TEXT, text: '<p>x' });
    expect(started).toHaveLength(1);
  });

  it('keep nothing of the page before, whatever became of it', async () => {
    const { make, started } = openPageMaker();
    await expect(make('<div>'.repeat(6000))).rejects.toMatchObject({ code: 'NOT_TEXT' });
    expect(await make('<b>x</b>'.repeat(51_000))).toMatchObject({ isPlain: true });
    expect(await make('<p>x')).toEqual(TEXT);
    expect(started).toHaveLength(1);
  });

  it('give back what a heavy page took', async () => {
    const { make, started } = openPageMaker();
    const taken = async (): Promise<number> => {
      const status = await readFile(`/proc/${String(started[0]?.child.pid)}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
    };
    await make('<p>x');
    const before = await taken();
    await make('<p>a <b>b</b> <i>c</i></p>'.repeat(6000));
    await make('<p>x');
    expect((await taken()) - before).toBeLessThan(30);
  });

  it('are held back, and have nothing of the service', async () => {
    const { make, started } = openPageMaker();
    await make('<p>x');
    const place = `/proc/${String(started[0]?.child.pid)}`;
    const [limits, env] = await Promise.all(
      ['limits', 'environ'].map((name) => readFile(join(place, name), 'utf8')),
    );
    expect(limits).toMatch(/Max data size\s+\d+\s+\d+/);
    expect(limits).toMatch(/Max file size\s+0\s+0/);
    expect(env?.split('\0').map((entry) => entry.split('=')[0])).not.toContain('PATH');
  });

  it('that die are told of clearly, and replaced', async () => {
    const { make, started } = openPageMaker();
    await make('<p>x');
    const dying = make(ENDLESS, { format: 'text' });
    started[0]?.child.kill('SIGSEGV');
    await expect(dying).rejects.toMatchObject({ code: 'MEMORY_LIMIT' });
    expect(await make('<p>x')).toEqual(TEXT);
    expect(started).toHaveLength(2);
  });
});

/** A script that makes a page, in processes of this kind. */
function making(processes: string, html: string): string {
  const src = join(process.cwd(), 'src');
  return `
    const { createProcesses } = await import('${src}/processes/index.ts');
    const { supervise } = await import('${src}/processes/supervise.ts');
    const { PageMaker } = await import('${src}/tools/web/fetching/page-maker.ts');
    const log = () => undefined;
    const logger = { debug: log, info: log, warn: log, error: log };
    const processes = ${processes};
    const start = processes.start;
    processes.start = (how) => { const one = start(how); console.log(one.child.pid); return one; };
    const maker = new PageMaker(processes, { maxBytes: 5_000_000, timeoutMs: 60_000 });
    const source = { bytes: Buffer.from(${html}), isHtml: true, format: 'markdown', address: 'http://public.test/' };
    await maker.make(source, { subject: 'alice', signal: new AbortController().signal });`;
}

describe('a service that is killed while it makes a page', () => {
  it.each([
    ['and the system ends its processes', 'createProcesses({ logger })'],
    ['and nobody else ends them', '{ canContain: false, start: (order) => supervise(order) }'],
  ])('leaves no process, %s', async (_, processes) => {
    await expectNothingLeftOf(making(processes, "'<pre>a' + '\\n'.repeat(1_000_000)"));
  });
});

describe('a service that ends', () => {
  it('comes to its end when its processes have', () => {
    const script = `${making('createProcesses({ logger })', "'<p>x'")}
      maker.close();
      await processes.close();
      console.log(processes.running);`;
    const args = ['--no-warnings', '--input-type=module', '-e', script];
    const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    expect([status, stdout.trim().split('\n').at(-1)]).toEqual([0, '0']);
  });
});
