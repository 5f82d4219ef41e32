import { randomBytes } from 'node:crypto';
import { devNull } from 'node:os';
import { beforeEach, describe, expect, it } from 'vitest';
import { createTelemetry, type TelemetryHandle } from '../../../src/telemetry/index.ts';
import { telemetryOptions } from '../../../src/telemetry/options.ts';

let telemetry: TelemetryHandle;
beforeEach(async () => {
  telemetry = await createTelemetry(telemetryOptions.parse({ logFile: devNull }), {
    version: '1.2.3',
    production: true,
  });
});

async function samples(name: string): Promise<string[]> {
  const { body } = await telemetry.render();
  return body.split('\n').filter((line) => line.startsWith(name));
}

describe('metrics', () => {
  it('tell the version and the state of the process in the format of Prometheus', async () => {
    const { contentType, body } = await telemetry.render();
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(body).toContain('fairlead_build_info{version="1.2.3"} 1');
    expect(body).toContain('process_resident_memory_bytes');
    expect(body).toContain('nodejs_eventloop_lag_p99_seconds');
  });

  it('belong to one telemetry: another one starts at nothing', async () => {
    telemetry.registerTools(['info']);
    telemetry.metrics.toolCall('info', 'ok', 0.1);
    const other = await createTelemetry(telemetryOptions.parse({ logFile: devNull }), {
      version: '1.2.3',
      production: true,
    });
    expect((await other.render()).body).not.toContain('tool="info"');
  });

  it('count tool calls by outcome with their duration, from zero on', async () => {
    telemetry.registerTools(['info']);
    expect(await samples('fairlead_tool_calls_total{tool="info",outcome="busy"}')).toEqual([
      'fairlead_tool_calls_total{tool="info",outcome="busy"} 0',
    ]);
    telemetry.metrics.toolCall('info', 'ok', 0.02);
    telemetry.metrics.toolCall('info', 'timeout', 30);
    const text = (await telemetry.render()).body;
    expect(text).toContain('fairlead_tool_calls_total{tool="info",outcome="ok"} 1');
    expect(text).toContain('fairlead_tool_calls_total{tool="info",outcome="timeout"} 1');
    expect(text).toContain('fairlead_tool_call_duration_seconds_bucket{le="0.05",tool="info"} 1');
    expect(text).toContain('fairlead_tool_call_duration_seconds_count{tool="info"} 2');
  });

  it('count steps of authentication and open streams, each stream closed once', async () => {
    telemetry.metrics.auth('login', 'refused');
    const close = telemetry.metrics.streamOpened('sse');
    telemetry.metrics.streamOpened('sse');
    close();
    close();
    const text = (await telemetry.render()).body;
    expect(text).toContain('fairlead_auth_total{step="login",outcome="refused"} 1');
    expect(text).toContain('fairlead_active_streams{kind="sse"} 1');
  });

  it('show that the process is draining', async () => {
    expect(await samples('fairlead_draining')).toEqual(['fairlead_draining 0']);
    telemetry.setDraining(true);
    expect(await samples('fairlead_draining')).toEqual(['fairlead_draining 1']);
  });

  it('keep their number of series under 10 000 random names of everything', async () => {
    telemetry.registerTools(['info']);
    const observe = telemetry.httpObserver(['/mcp', 'other']);
    for (let index = 0; index < 10_000; index++) {
      const name = randomBytes(6).toString('hex');
      observe(`/${name}`, name.toUpperCase(), 200, 0.001);
      telemetry.metrics.toolCall(name, 'ok', 0.001);
      telemetry.metrics.auth(name, 'ok');
    }
    expect(await samples('fairlead_http_requests_total')).toEqual([
      'fairlead_http_requests_total{route="other",method="OTHER",status="200"} 10000',
    ]);
    expect(await samples('fairlead_auth_total')).toEqual([
      'fairlead_auth_total{step="other",outcome="ok"} 10000',
    ]);
    expect(await samples('fairlead_tool_calls_total{tool="unknown",outcome="ok"}')).toEqual([
      'fairlead_tool_calls_total{tool="unknown",outcome="ok"} 10000',
    ]);
    expect((await samples('fairlead_')).length).toBeLessThan(100);
  });
});
