import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { batched } from '../../../src/telemetry/destination.ts';
import { createTelemetry } from '../../../src/telemetry/index.ts';
import { telemetryOptions } from '../../../src/telemetry/options.ts';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../../fixtures/log-and-end.ts', import.meta.url));

type Line = Record<string, unknown>;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-log-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Runs a process that logs and ends; answers what it wrote to standard output, however it ended. */
async function logAndEnd(way: string, lines: number, options: object): Promise<string> {
  const args = [program, way, String(lines), JSON.stringify(options)];
  const result = await run(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: unknown) => error as { stdout: string },
  );
  return result.stdout;
}

function parse(text: string): Line[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
}

describe('the log file', () => {
  it('is created with its folders, and appended to', async () => {
    const logFile = path.join(folder, 'a/b/c/fairlead.log');
    for (const name of ['first', 'second']) {
      const telemetry = await createTelemetry(telemetryOptions.parse({ logFile }), context);
      telemetry.logger.info({ name }, 'hello');
      await telemetry.close();
    }
    expect(parse(await readFile(logFile, 'utf8')).map((line) => line['name'])).toEqual(['first', 'second']);
    expect((await stat(logFile)).mode & 0o007).toBe(0);
  });

  it('gives way to standard output, with one warning, when it cannot be written', async () => {
    await writeFile(path.join(folder, 'file'), '');
    const logFile = path.join(folder, 'file/below-a-file.log');
    const lines = parse(await logAndEnd('exit', 3, { logFile }));
    expect(lines.map((line) => line['level'])).toEqual(['warn', 'info', 'info', 'info']);
    expect(lines[0]?.['msg']).toMatch(/LOG_FILE cannot be written/);
  });

  it('gives way to standard output, without losing a line, when the disk is full', async () => {
    const lines = parse(await logAndEnd('close', 500, { logFile: '/dev/full' }));
    const counted = lines.map((line) => line['line']).filter((line) => line !== undefined);
    expect(counted.sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 500 }, (_, index) => index + 1),
    );
    expect(lines.filter((line) => line['level'] === 'warn')).toHaveLength(1);
  });
});

describe('the end of the process', () => {
  it.each(['exit', 'throw', 'close', 'natural'])('loses no line of a file: %s', async (way) => {
    const logFile = path.join(folder, 'fairlead.log');
    await logAndEnd(way, 5000, { logFile });
    expect(parse(await readFile(logFile, 'utf8')).at(-1)?.['line']).toBe(5000);
  });

  it.each(['exit', 'throw'])('loses no line on standard output: %s', async (way) => {
    const lines = parse(await logAndEnd(way, 5000, {}));
    expect(lines).toHaveLength(5000);
    expect(lines.at(-1)?.['line']).toBe(5000);
  });
});

describe('a line', () => {
  it('is JSON with a level in words and a time of ISO 8601', async () => {
    const [line] = parse(await logAndEnd('exit', 1, {}));
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
      line: 1,
      msg: 'a line',
    });
  });

  it('stays JSON when pretty lines are asked for but nobody watches', async () => {
    expect(parse(await logAndEnd('exit', 1, { logFormat: 'pretty' }))).toHaveLength(1);
  });

  it('is left out below the level', async () => {
    expect(await logAndEnd('exit', 5, { logLevel: 'warn' })).toBe('');
  });
});

describe('the lines of one turn', () => {
  it('are written together, each of them made pretty for itself', async () => {
    const written: string[] = [];
    const destination = { write: (text: string) => void written.push(text), close: () => Promise.resolve() };
    const lines = batched(destination, (line) => `<${line}>`);
    lines.write('a');
    lines.write('b');
    expect(written).toEqual([]);
    await setImmediate();
    expect(written).toEqual(['<a><b>']);
  });
});

describe('after close', () => {
  it('logging still works', async () => {
    const telemetry = await createTelemetry(
      telemetryOptions.parse({ logFile: path.join(folder, 'log') }),
      context,
    );
    await telemetry.close();
    await telemetry.close();
    expect(() => {
      telemetry.logger.debug({}, 'a straggler');
    }).not.toThrow();
  });
});

const context = { version: '1.2.3', production: true };
