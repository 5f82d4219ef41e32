/**
 * Makes the tables of the example workspace: run it with `node scripts/example-data.ts`. The same bytes come
 * out every time, so that documents, demonstrations and tests can name figures of them.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parquetWriteBuffer } from 'hyparquet-writer';
import products from '../examples/workspace/data/products.json' with { type: 'json' };

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Mulberry32: numbers in [0, 1) that depend on the seed alone. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the choices, each as likely as its weight says. */
function pick<T>(random: () => number, choices: readonly (readonly [T, number])[]): T {
  const total = choices.reduce((sum, [, weight]) => sum + weight, 0);
  let left = random() * total;
  for (const [choice, weight] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new RangeError('Nothing to choose from');
}

const ORDERS_FROM = Date.UTC(2026, 0, 1);
const ORDER_DAYS = 90;
const SALE_DAY = 78;

const COLUMNS = [
  'order_id',
  'ordered_at',
  'customer_id',
  'country',
  'channel',
  'sku',
  'product',
  'quantity',
  'unit_price_eur',
  'total_eur',
  'status',
  'note',
] as const;

const NOTES: readonly (readonly [string, number])[] = [
  ['', 82],
  ['Leave it with the neighbour, please', 5],
  ['A gift: no invoice in the parcel', 4],
  ['Ground for "moka", not for filter', 4],
  ['Bitte klingeln, 2. Stock, Müller', 3],
  ['Pour la cafetière, merci', 2],
];

/** The orders of the first quarter of 2026, one line of CSV each; the spring sale of 20 March doubles a day. */
export function ordersCsv(): string {
  const random = randomFrom(2026);
  const lines = [COLUMNS.join(',')];
  for (let day = 0; day < ORDER_DAYS; day++) {
    const weekend = [0, 6].includes(new Date(ORDERS_FROM + day * DAY_MS).getUTCDay());
    const count = Math.round((28 + day / 10) * (weekend ? 1.3 : 1) * (day === SALE_DAY ? 2.6 : 1));
    const times = Array.from({ length: count }, () => Math.floor((6 + random() * 17) * 3600) * 1000).sort(
      (left, right) => left - right,
    );
    for (const time of times) {
      const at = new Date(ORDERS_FROM + day * DAY_MS + time);
      lines.push(orderLine(random, lines.length, at, day));
    }
  }
  return `${lines.join('\n')}\n`;
}

function orderLine(random: () => number, count: number, at: Date, day: number): string {
  const item = pick(
    random,
    products.map((candidate, index) => [candidate, 12 - index] as const),
  );
  const quantity = pick(random, [
    [1, 60],
    [2, 25],
    [3, 9],
    [6, 6],
  ]);
  const customer = 1 + Math.floor(random() ** 2 * 900);
  const price = day === SALE_DAY ? Math.round(item.price_eur * 80) / 100 : item.price_eur;
  const fields = [
    `HL-${100_000 + count}`,
    at.toISOString().replace('.000', ''),
    `C${String(customer).padStart(4, '0')}`,
    countryOf(customer),
    pick(random, [
      ['web', 70],
      ['app', 18],
      ['wholesale', 12],
    ] as const),
    item.sku,
    item.name,
    String(quantity),
    price.toFixed(2),
    (price * quantity).toFixed(2),
    statusOf(random, day),
    pick(random, NOTES),
  ];
  return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}

function countryOf(customer: number): string {
  return pick(randomFrom(customer), [
    ['DE', 46],
    ['AT', 14],
    ['NL', 13],
    ['FR', 12],
    ['DK', 8],
    ['SE', 7],
  ]);
}

function statusOf(random: () => number, day: number): string {
  const late = day >= ORDER_DAYS - 3;
  return pick(random, [
    ['delivered', late ? 20 : 93],
    ['shipped', late ? 50 : 1],
    ['paid', late ? 25 : 0],
    ['cancelled', 3],
    ['refunded', late ? 0 : 3],
  ]);
}

interface Reading {
  readonly at: Date;
  readonly sensor: string;
  readonly room: string;
  readonly temperature: number;
  readonly humidity: number;
  readonly co2: number | null;
  readonly battery: number;
}

const SENSORS = [
  { sensor: 'green-1', room: 'green store', temperature: 17, swing: 1, humidity: 56, co2: true },
  { sensor: 'green-2', room: 'green store', temperature: 17.4, swing: 1, humidity: 57, co2: false },
  { sensor: 'roaster-1', room: 'roastery', temperature: 24, swing: 7, humidity: 40, co2: true },
  { sensor: 'roaster-2', room: 'roastery', temperature: 25, swing: 8, humidity: 38, co2: true },
  { sensor: 'packing-1', room: 'packing', temperature: 20, swing: 2, humidity: 47, co2: true },
  { sensor: 'dock-1', room: 'loading dock', temperature: 9, swing: 5, humidity: 68, co2: false },
] as const;

const READINGS_FROM = Date.UTC(2026, 2, 1);
const READINGS = 28 * 48;
/** The night in which roaster-2 was silent, and the hours before, in which its fan had already stopped. */
const OUTAGE = {
  from: Date.UTC(2026, 2, 14, 2),
  to: Date.UTC(2026, 2, 14, 6, 30),
  rising: 6 * 60 * MINUTE_MS,
};

/** Half-hourly readings of six sensors over four weeks, in the order of time. */
export function readings(): Reading[] {
  const random = randomFrom(42);
  const all: Reading[] = [];
  for (let step = 0; step < READINGS; step++) {
    const at = new Date(READINGS_FROM + step * 30 * MINUTE_MS);
    for (const place of SENSORS) {
      const reading = readingOf(random, place, at, step);
      if (reading !== undefined) all.push(reading);
    }
  }
  return all;
}

function readingOf(
  random: () => number,
  place: (typeof SENSORS)[number],
  at: Date,
  step: number,
): Reading | undefined {
  const noise = random() - 0.5;
  const daylight = Math.max(0, Math.sin(((at.getUTCHours() - 6) / 12) * Math.PI));
  const time = at.getTime();
  const failing = place.sensor === 'roaster-2' && time >= OUTAGE.from - OUTAGE.rising && time <= OUTAGE.to;
  if (failing && time >= OUTAGE.from) return undefined;
  const heat = failing ? ((time - OUTAGE.from + OUTAGE.rising) / OUTAGE.rising) * 18 : 0;
  return {
    at,
    sensor: place.sensor,
    room: place.room,
    temperature: round(place.temperature + place.swing * daylight + noise * 0.8 + heat, 1),
    humidity: round(place.humidity - place.swing * daylight * 0.9 + noise * 3 - heat / 2, 1),
    co2: place.co2 ? Math.round(430 + daylight * 380 + noise * 40) : null,
    battery: round(3.1 - step / 9000 + noise * 0.01, 2),
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function readingsParquet(): Uint8Array {
  const rows = readings();
  return new Uint8Array(
    parquetWriteBuffer({
      rowGroupSize: 4_000,
      columnData: [
        { name: 'read_at', data: rows.map(({ at }) => at), type: 'TIMESTAMP', nullable: false },
        { name: 'sensor', data: rows.map(({ sensor }) => sensor), type: 'STRING', nullable: false },
        { name: 'room', data: rows.map(({ room }) => room), type: 'STRING', nullable: false },
        { name: 'temperature_c', data: rows.map(({ temperature }) => temperature), type: 'DOUBLE' },
        { name: 'humidity_pct', data: rows.map(({ humidity }) => humidity), type: 'DOUBLE' },
        { name: 'co2_ppm', data: rows.map(({ co2 }) => co2), type: 'INT32', nullable: true },
        { name: 'battery_v', data: rows.map(({ battery }) => battery), type: 'DOUBLE' },
      ],
    }),
  );
}

if (import.meta.main) {
  const folder = fileURLToPath(new URL('../examples/workspace/data/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}orders.csv`, ordersCsv());
  writeFileSync(`${folder}sensor-readings.parquet`, readingsParquet());
  console.log(`Wrote orders.csv and sensor-readings.parquet to ${folder}`);
}
