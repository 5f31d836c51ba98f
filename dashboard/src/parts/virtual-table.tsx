// A table that draws only the rows in sight, and is one table all the same: for the eye, the keyboard and a screen reader.

import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Scroll } from './scroll.tsx';

/** One column. Those that are `isWide` give way on a phone, those that are `isExtra` on most desks. */
export interface Column<T> {
  readonly name: string;
  /** In CSS pixels; it grows where there is room. */
  readonly width: number;
  readonly isNumber?: boolean;
  readonly isCode?: boolean;
  readonly isWide?: boolean;
  readonly isExtra?: boolean;
  readonly cell: (row: T) => ComponentChildren;
  /** What it is sorted by, where it can be. */
  readonly sorts?: (row: T) => string | number;
}

interface Props<T> {
  readonly name: string;
  readonly rows: readonly T[];
  readonly columns: readonly Column<T>[];
  readonly keyOf: (row: T) => string | number;
}

/** Height of a row in CSS pixels; the style sheet has the same. */
const rowHeight = 30;
/** Rows above and below those in sight. */
const spare = 6;

interface Order {
  readonly name: string;
  readonly isDown: boolean;
}

/** The table. */
export function VirtualTable<T>({ name, rows, columns, keyOf }: Props<T>) {
  const box = useRef<HTMLElement>(null);
  const [top, setTop] = useState(0);
  const [seen, setSeen] = useState(600);
  const [order, setOrder] = useState<Order | null>(null);
  const sorted = useMemo(() => inOrder(rows, columns, order), [rows, order]);
  useEffect(() => {
    const place = box.current!;
    const resized = new ResizeObserver(() => setSeen(place.clientHeight));
    resized.observe(place);
    return () => resized.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top / rowHeight) - spare);
  const last = Math.min(sorted.length, Math.ceil((top + seen) / rowHeight) + spare);
  return (
    <Scroll name={`${name}, table`} class="virtual" place={box} onScroll={setTop}>
      <table aria-label={name} aria-rowcount={sorted.length + 1}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.name} class={widthClass(column)} style={{ width: `${column.width}px` }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Heading key={column.name} column={column} order={order} onOrder={setOrder} />
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <Space rows={first} columns={columns.length} />}
          {sorted.slice(first, last).map((row, index) => (
            <tr key={keyOf(row)} aria-rowindex={first + index + 2}>
              {columns.map((column) => (
                <td key={column.name} class={classOf(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {last < sorted.length && <Space rows={sorted.length - last} columns={columns.length} />}
        </tbody>
      </table>
    </Scroll>
  );
}

/** Room for rows that are not drawn. */
function Space({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  return (
    <tr>
      <td colSpan={columns} class="space" style={{ height: `${rows * rowHeight}px` }} />
    </tr>
  );
}

function Heading<T>(props: {
  readonly column: Column<T>;
  readonly order: Order | null;
  readonly onOrder: (order: Order | null) => void;
}) {
  const { column, order, onOrder } = props;
  if (column.sorts === undefined) return <th class={classOf(column)}>{column.name}</th>;
  const isOwn = order?.name === column.name;
  const turn = () =>
    onOrder(
      !isOwn ? { name: column.name, isDown: column.isNumber === true } : { name: column.name, isDown: !order.isDown },
    );
  return (
    <th class={classOf(column)} aria-sort={!isOwn ? 'none' : order.isDown ? 'descending' : 'ascending'}>
      <button type="button" class="sort" onClick={turn}>
        {column.name}
        <span aria-hidden="true" class="sort-mark">
          {!isOwn ? '' : order.isDown ? '▾' : '▴'}
        </span>
      </button>
    </th>
  );
}

function classOf<T>(column: Column<T>): string {
  return `${column.isNumber ? 'num ' : ''}${column.isCode ? 'mono ' : ''}${widthClass(column)}`;
}

function widthClass<T>({ isWide, isExtra }: Column<T>): string {
  return isExtra ? 'wide extra' : isWide ? 'wide' : '';
}

function inOrder<T>(rows: readonly T[], columns: readonly Column<T>[], order: Order | null): readonly T[] {
  const sorts = columns.find(({ name }) => name === order?.name)?.sorts;
  if (order === null || sorts === undefined) return rows;
  const sign = order.isDown ? -1 : 1;
  return rows
    .map((row) => ({ row, by: sorts(row) }))
    .sort((one, other) => sign * (one.by < other.by ? -1 : one.by > other.by ? 1 : 0))
    .map(({ row }) => row);
}
