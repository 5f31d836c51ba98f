// A table of as many rows as there are, which are few: columns named once, each with what stands in its cells.

import type { ComponentChildren } from 'preact';
import { Scroll } from './scroll.tsx';

/** One column. */
export interface TableColumn<T> {
  readonly name: string;
  readonly isNumber?: boolean;
  readonly isCode?: boolean;
  /** Whether it stays on one line. */
  readonly isWhole?: boolean;
  /** Whether it deserves attention in this row. */
  readonly isOdd?: (row: T) => boolean;
  readonly cell: (row: T) => ComponentChildren;
}

interface Props<T> {
  /** What it is called by a screen reader; the place that scrolls has ", table" behind it. */
  readonly name: string;
  readonly columns: readonly TableColumn<T>[];
  readonly rows: readonly T[];
  /** What tells a row from the others; its place where nothing does. */
  readonly keyOf?: (row: T) => string | number;
  /** Whether it has so many columns that its rows become a few lines each where there is little room. */
  readonly isBroad?: boolean;
  /** Classes of its own, of the table and of the place that scrolls. */
  readonly class?: string;
  readonly place?: string;
}

/** The table. */
export function Table<T>({ name, columns, rows, keyOf, isBroad = false, class: its = '', place = 'scroll' }: Props<T>) {
  return (
    <Scroll name={`${name}, table`} class={place}>
      <table class={`${isBroad ? 'broad ' : ''}${its}`}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.name} class={column.isNumber ? 'num' : ''}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf === undefined ? index : keyOf(row)}>
              {columns.map((column) => (
                <td key={column.name} class={classOf(column, row)} data-label={labelOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** What stands before a cell where there is no heading above it; nothing before what is to be done. */
function labelOf<T>({ name }: TableColumn<T>): string | undefined {
  return name === 'Do' || name === 'See' ? undefined : name;
}

function classOf<T>({ isNumber, isCode, isWhole, isOdd }: TableColumn<T>, row: T): string {
  return [isNumber && 'num', isCode && 'mono', isWhole && 'nowrap', isOdd?.(row) === true && 'stopped']
    .filter(Boolean)
    .join(' ');
}
