import type { OutputBudget } from '../../../core/budget.ts';
import type { DescribedTable } from '../catalogue/described-table.ts';
import { type Attributes, erDiagram, MAX_DIAGRAM_TABLES } from './er-diagram.ts';

/** Of the result: the rest is for the tables themselves. */
const SHARE = 0.5;

const LEFT_OUT: Readonly<Record<Attributes, readonly string[]>> = {
  all: [],
  keys: ['the diagram shows key columns only'],
  none: ['the diagram shows no columns'],
};

interface Drawn {
  readonly diagram: string;
  readonly remarks: readonly string[];
}

/** The diagram that shows the most of what fits into half of the room. */
export function fittingDiagram(tables: readonly DescribedTable[], room: OutputBudget): Drawn {
  const reserve = room.left * SHARE;
  const left = tables.length > MAX_DIAGRAM_TABLES ? [`the diagram shows ${MAX_DIAGRAM_TABLES} tables`] : [];
  for (const attributes of ['all', 'keys', 'none'] as const) {
    const diagram = erDiagram(tables, attributes);
    if (room.take(JSON.stringify(diagram), 'json', reserve)) {
      return { diagram, remarks: [...left, ...LEFT_OUT[attributes]] };
    }
  }
  return { diagram: 'erDiagram', remarks: ['the diagram is larger than a result may be'] };
}
