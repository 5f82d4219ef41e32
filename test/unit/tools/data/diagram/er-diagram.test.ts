import { describe, expect, it } from 'vitest';
import { erDiagram } from '../../../../../src/tools/data/diagram/er-diagram.ts';
import type { TableInfo } from '../../../../../src/tools/data/source.ts';
import { tableOf } from '../../../../fixtures/fake-source.ts';
import { parseDiagram } from '../../../../fixtures/mermaid.ts';

const customers: TableInfo = tableOf('customers', ['id', 'name']);
const orders: TableInfo = tableOf('orders', ['id', 'customer_id'], {
  foreignKeys: [{ columns: ['customer_id'], table: 'customers', references: ['id'] }],
});

const NASTY = [
  '',
  ' ',
  'a b',
  'a"b',
  "a'b",
  'a`b',
  'a%%b',
  '%%{init: {"theme": "dark"}}%%',
  'a;b#c',
  '#quot;',
  'a\nb',
  'a\\b',
  'a{b}',
  'a[b]',
  'a:b',
  'a::b:::c',
  'a~b~c',
  '<b onload="x">',
  '---',
  'erDiagram',
  'direction TB',
  'the Direction   LR of it',
  'title',
  'style',
  'class',
  'classDef',
  'subgraph',
  'end',
  'one',
  'one or more',
  'only one',
  'zero or many',
  'many(1)',
  'to',
  'optionally to',
  'o',
  'u',
  'o{',
  '}|',
  '1',
  '1+',
  '2024',
  '2024.5',
  'PK',
  'fk',
  'UK-x',
  'PKä',
  'accTitle',
  'accDescr',
  '__proto__',
  'constructor',
  'Größe',
  '注文',
  '🦉',
  '\u202eevil',
  '\ud800',
  '-',
  '_',
  '*',
  'x'.repeat(300),
];

describe('an ER diagram', () => {
  it('draws tables with their keys, and which refers to which', async () => {
    const diagram = erDiagram([customers, orders], 'all');
    expect(diagram).toBe(`erDiagram
  customers {
    INTEGER id PK
    INTEGER name
  }
  orders {
    INTEGER id PK
    INTEGER customer_id FK
  }
  customers ||--o{ orders : "customer_id"`);
    expect(await parseDiagram(diagram)).toEqual({
      words: ['customers', 'orders'],
      entities: {
        customers: ['INTEGER id PK', 'INTEGER name'],
        orders: ['INTEGER id PK', 'INTEGER customer_id FK'],
      },
      relations: ['customer_id'],
    });
  });

  it.each([
    ['keys', ['INTEGER id PK', 'INTEGER customer_id FK']],
    ['none', []],
  ] as const)('shows %s of the columns', async (attributes, shown) => {
    const { entities } = await parseDiagram(erDiagram([customers, orders], attributes));
    expect(entities['orders']).toEqual(shown);
  });

  it('tells one from many, and what may be missing', () => {
    const columns = [
      { name: 'order_id', type: 'INTEGER' },
      { name: 'by_id', type: 'INTEGER', nullable: true },
    ];
    const invoices: TableInfo = {
      ...tableOf('invoices', []),
      ...{ columns, primaryKey: ['order_id'] },
      foreignKeys: [
        { columns: ['order_id'], table: 'orders', references: ['id'] },
        { columns: ['by_id'], table: 'customers', references: ['id'] },
      ],
    };
    const diagram = erDiagram([customers, orders, invoices], 'none');
    expect(diagram).toContain('orders ||--o| invoices : "order_id"');
    expect(diagram).toContain('customers |o--o{ invoices : "by_id"');
  });

  it.each(NASTY)(
    'is taken by Mermaid with %j as the name of a table, a column, a type and a key',
    async (name) => {
      const one: TableInfo = { ...tableOf(name, []), columns: [{ name, type: name }], primaryKey: [name] };
      const other: TableInfo = {
        ...tableOf('other', ['id', name]),
        foreignKeys: [{ columns: [name], table: name, references: [name] }],
      };
      for (const attributes of ['all', 'none'] as const) {
        const { entities, relations } = await parseDiagram(erDiagram([one, other], attributes));
        expect(Object.keys(entities)).toHaveLength(2);
        expect(relations).toHaveLength(1);
      }
    },
  );

  it('is taken by Mermaid with all of those names in one diagram, none of them lost', async () => {
    const tables = NASTY.slice(0, 40).map((name) => tableOf(name, NASTY));
    const { words, entities } = await parseDiagram(erDiagram(tables, 'all'));
    expect(words).toHaveLength(40);
    expect(Object.values(entities).every(({ length }) => length === NASTY.length)).toBe(true);
  });

  it.each([
    ["'/data/Order items.csv'", 'Order_items', '/data/Order items.csv'],
    ['"Order items"', 'Order_items', 'Order items'],
    ['sales.orders', 'orders', 'sales.orders'],
    ['"weird""schema"."a.b"', 'a_b', `'weird''schema'.'a.b'`],
  ])('calls %s by a word, and labels it as it is', (name, word, label) => {
    expect(erDiagram([tableOf(name, [])], 'all')).toBe(`erDiagram\n  ${word}["${label}"]`);
  });

  it.each([
    ['DECIMAL(18,3)', 'DECIMAL(18_3)'],
    ['VARCHAR[]', 'VARCHAR[]'],
    ['STRUCT(a INTEGER, b VARCHAR)[]', 'STRUCT[]'],
    ['timestamp with time zone', 'timestamp_with_time_zone'],
    ["enum('a','b')", 'enum'],
    ['int(10) unsigned', 'int_10_unsigned'],
    ['', '_'],
  ])('writes the type %s as %s', async (type, word) => {
    const table = { ...tableOf('t', []), columns: [{ name: 'c', type }] };
    expect((await parseDiagram(erDiagram([table], 'all'))).entities['t']).toEqual([`${word} c`]);
  });

  it('draws 40 tables, those that are related first', async () => {
    const lonely = Array.from({ length: 60 }, (_, index) => tableOf(`t${index}`, ['id']));
    const { entities } = await parseDiagram(erDiagram([...lonely, customers, orders], 'all'));
    expect(Object.keys(entities)).toHaveLength(40);
    expect(Object.keys(entities).slice(0, 2)).toEqual(['customers', 'orders']);
  });

  it('leaves out relations to tables that it does not draw', () => {
    expect(erDiagram([orders], 'none')).toBe('erDiagram\n  orders');
  });
});
