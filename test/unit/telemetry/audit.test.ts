import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTelemetry } from '../../../src/telemetry/index.ts';
import { telemetryOptions } from '../../../src/telemetry/options.ts';

const context = { version: '1.2.3', production: true };
const event = {
  action: 'token.issued',
  outcome: 'success',
  subject: 'ada',
  details: { grant: 'refresh_token', token: 'never-shown' },
} as const;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'fairlead-audit-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function linesOf(file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(file, 'utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('audit events', () => {
  it('are lines of the log, marked, whatever the level of the log', async () => {
    const logFile = path.join(folder, 'log');
    const telemetry = await createTelemetry(telemetryOptions.parse({ logFile, logLevel: 'fatal' }), context);
    telemetry.logger.error({}, 'left out');
    telemetry.audit(event);
    await telemetry.close();
    expect(await linesOf(logFile)).toEqual([
      {
        level: 'info',
        time: expect.any(String) as unknown,
        audit: true,
        ...event,
        details: { grant: 'refresh_token', token: '[redacted]' },
        msg: 'token.issued',
      },
    ]);
  });

  it('go to a file of their own, created with its folders, and then not to the log', async () => {
    const logFile = path.join(folder, 'log');
    const auditFile = path.join(folder, 'a/b/audit.log');
    const telemetry = await createTelemetry(telemetryOptions.parse({ logFile, auditFile }), context);
    telemetry.audit(event);
    // On disk at once: an audit event does not wait for anything.
    expect(await linesOf(auditFile)).toHaveLength(1);
    await telemetry.close();
    expect(await linesOf(logFile)).toEqual([]);
  });

  it('keep the service from starting when their file cannot be written', async () => {
    await writeFile(path.join(folder, 'file'), '');
    const options = telemetryOptions.parse({
      logFile: path.join(folder, 'log'),
      auditFile: path.join(folder, 'file/audit.log'),
    });
    await expect(createTelemetry(options, context)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  });

  it('become part of the log when their file takes no more', async () => {
    const logFile = path.join(folder, 'log');
    const telemetry = await createTelemetry(
      telemetryOptions.parse({ logFile, auditFile: '/dev/full' }),
      context,
    );
    telemetry.audit(event);
    telemetry.audit(event);
    await telemetry.close();
    const lines = await linesOf(logFile);
    expect(lines.map((line) => line['level'])).toEqual(['error', 'warn', 'warn']);
    expect(lines[1]).toMatchObject({ audit: true, event: { action: 'token.issued', subject: 'ada' } });
  });
});
