import { AppError } from '../../../core/errors.ts';
import { counted, grouped } from '../../../core/phrases.ts';
import type { OpenFile } from '../workspace/sandbox.ts';
import { quoted } from '../workspace/virtual-path.ts';
import { fitLines } from './fit-lines.ts';
import type { ReadRequest } from './read-request.ts';

interface TableRequest extends ReadRequest {
  readonly file: OpenFile;
  readonly format: 'parquet' | 'workbook';
}

/** Rows of a table file as CSV, with its columns in front and a closing note. */
export async function tablePage(request: TableRequest): Promise<string> {
  const { services, file, format, startLine, maxLines, call } = request;
  const question = {
    format,
    descriptor: file.handle.fd,
    size: file.stats.size,
    startRow: startLine,
    maxRows: maxLines,
  };
  const { principal, signal } = call;
  const table = await services.tables.read(file.path, question, { subject: principal.subject, signal });
  const { firstRow, totalRows, header } = table;
  if (firstRow > totalRows && firstRow > 1) {
    throw new AppError(
      'INVALID_ARGUMENT',
      `start_line=${startLine} is behind the end: ${quoted(file.path)} has ${counted(totalRows, 'row')}.`,
      { next: request.again({ start_line: Math.max(1, totalRows - maxLines + 1) }) },
    );
  }
  const leading = [table.caption, ...(header === undefined ? [] : [header])];
  const fitted = fitLines([...leading, ...table.rows], call.budget, 'csv', request.reserve);
  const shown = Math.max(0, fitted.shown - leading.length);
  const next = firstRow + shown;
  const parts = [
    shown === 0
      ? `${counted(totalRows, 'row')}, none shown`
      : `rows ${grouped(firstRow)}-${grouped(next - 1)} of ${grouped(totalRows)}`,
    ...table.remarks,
    ...(next <= totalRows ? [`next start_line=${next}`] : []),
  ];
  return `${fitted.text}[${parts.join('; ')}]`;
}
