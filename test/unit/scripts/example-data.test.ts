import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { expect, test } from 'vitest';
import { ordersCsv, readings } from '../../../scripts/example-data.ts';

const folder = fileURLToPath(new URL('../../../examples/workspace/data/', import.meta.url));

test('the orders of the example workspace are the ones that its generator makes', async () => {
  expect((await readFile(`${folder}orders.csv`, 'utf8')) === ordersCsv()).toBe(true);
});

test('the sensor readings of the example workspace are the ones that its generator makes', async () => {
  const rows = await parquetReadObjects({
    file: await asyncBufferFromFile(`${folder}sensor-readings.parquet`),
  });
  expect(rows).toEqual(
    readings().map(({ at, sensor, room, temperature, humidity, co2, battery }) => ({
      read_at: at,
      sensor,
      room,
      temperature_c: temperature,
      humidity_pct: humidity,
      co2_ppm: co2,
      battery_v: battery,
    })),
  );
});
