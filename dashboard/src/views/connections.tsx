// The live table by 4-tuple: a hundred thousand rows of which only those in sight are drawn.

import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get, remove } from '../api.ts';
import { addressOf, count, duration, size } from '../format.ts';
import { BanDialog } from '../parts/ban-dialog.tsx';
import { attempt } from '../parts/notices.tsx';
import { Empty, Failed, Waiting } from '../parts/states.tsx';
import { safe } from '../parts/text.tsx';
import { type Column, VirtualTable } from '../parts/virtual-table.tsx';
import type { Route } from '../route.ts';
import type { ConnectionRow } from '../shapes.ts';
import { type Client, clientsOf, matching } from './connection-rows.ts';

interface Page {
  readonly total: number;
  readonly rows: readonly ConnectionRow[];
  readonly next: number | null;
}

/** Most rows that are fetched. */
const maxRows = 200_000;
/** Between two looks at the table, in ms; longer where a look takes long, so that it costs at most a tenth. */
const leastPauseMs = 1500;

/** All rows, page by page; `onProgress` hears how many there are so far. */
async function fetchAll(signal: AbortSignal, onProgress: (rows: number) => unknown): Promise<ConnectionRow[]> {
  const all: ConnectionRow[] = [];
  for (let after: number | null = 0; after !== null && all.length < maxRows; ) {
    const page: Page = await get<Page>('/connections', { after }, signal);
    for (const row of page.rows) all.push(row);
    after = page.next;
    onProgress(all.length);
  }
  return all;
}

function useTable(isHeld: boolean) {
  const [rows, setRows] = useState<readonly ConnectionRow[] | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const [progress, setProgress] = useState(0);
  const [turn, setTurn] = useState(0);
  const isThere = useRef(false);
  useEffect(() => {
    if (isHeld) return;
    const own = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      const began = performance.now();
      try {
        if (document.visibilityState === 'visible') {
          // Where there are rows already nobody sees how far the next ones are, and drawing at each page would cost frames.
          setRows(await fetchAll(own.signal, (many) => isThere.current || setProgress(many)));
          isThere.current = true;
          setTrouble(null);
        }
      } catch (error) {
        if (!own.signal.aborted) setTrouble((error as Error).message);
      }
      if (!own.signal.aborted) timer = setTimeout(look, Math.max(leastPauseMs, (performance.now() - began) * 9));
    };
    void look();
    return () => {
      own.abort();
      clearTimeout(timer);
    };
  }, [isHeld, turn]);
  return { rows, trouble, progress, again: useCallback(() => setTurn((before) => before + 1), []) };
}

/** The view. */
export function Connections({ route }: { readonly route: Route }) {
  const [filter, setFilter] = useState(route.query.get('filter') ?? '');
  const [isGrouped, setGrouped] = useState(false);
  const [isHeld, setHeld] = useState(false);
  const [banned, setBanned] = useState<string | null>(null);
  const { rows, trouble, progress, again } = useTable(isHeld);
  const shown = useMemo(() => matching(rows ?? [], filter), [rows, filter]);
  const clients = useMemo(() => (isGrouped ? clientsOf(shown) : []), [shown, isGrouped]);
  const close = (row: ConnectionRow) =>
    void attempt(`Connection ${row.number} is ended`, () => remove(`/connections/${row.number}`)).then(again);

  return (
    <>
      <div class="tools">
        <label class="search">
          <span class="unseen">Filter</span>
          <input
            type="search"
            placeholder="Filter: address, port, listener, rule, stage"
            value={filter}
            maxLength={200}
            onInput={(event) => setFilter(event.currentTarget.value)}
            spellcheck={false}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={isGrouped} onChange={(event) => setGrouped(event.currentTarget.checked)} /> by
          client
        </label>
        <label class="check">
          <input type="checkbox" checked={isHeld} onChange={(event) => setHeld(event.currentTarget.checked)} /> hold
          still
        </label>
        <span class="tools-count" role="status">
          {rows === null
            ? `${count(progress)} so far`
            : shown.length === rows.length
              ? `${count(rows.length)} open`
              : `${count(shown.length)} of ${count(rows.length)}`}
        </span>
      </div>
      {trouble !== null && <Failed says={trouble} again={again} />}
      {rows === null && trouble === null && <Waiting what="the connections" />}
      {rows !== null && shown.length === 0 && <NoRows isFiltered={rows.length > 0} />}
      {shown.length > 0 && !isGrouped && (
        <VirtualTable
          name="Live connections"
          rows={shown}
          columns={rowColumns(close, setBanned)}
          keyOf={(row) => row.number}
        />
      )}
      {clients.length > 0 && (
        <VirtualTable
          name="Clients with live connections"
          rows={clients}
          columns={clientColumns(setFilter, setGrouped, setBanned)}
          keyOf={(client) => client.address}
        />
      )}
      {banned !== null && (
        <BanDialog
          target={banned}
          onClose={() => {
            setBanned(null);
            again();
          }}
        />
      )}
    </>
  );
}

function NoRows({ isFiltered }: { readonly isFiltered: boolean }) {
  return isFiltered ? (
    <Empty title="No connection has that in it">
      <p>The filter looks at addresses, ports, listener, rule, stage and TLS version.</p>
    </Empty>
  ) : (
    <Empty title="Nobody is connected">
      <p>
        Open a page of one of your sites, and its connections appear here with their four parts: who called, from which
        port, whom, at which port.
      </p>
    </Empty>
  );
}

/** A text as it stands in a row. No component, because a hundred rows come and go with each turn of the wheel. */
const cut = (text: string, max: number) => <bdi>{safe(text, max)}</bdi>;

function rowColumns(
  close: (row: ConnectionRow) => void,
  ban: (address: string) => void,
): readonly Column<ConnectionRow>[] {
  return [
    { name: 'Number', width: 80, isNumber: true, cell: (row) => row.number, sorts: (row) => row.number },
    {
      name: 'From',
      width: 156,
      isCode: true,
      cell: (row) => cut(row.from, 48),
      sorts: (row) => row.from,
    },
    {
      name: 'To',
      width: 156,
      isCode: true,
      isWide: true,
      cell: (row) => cut(row.to, 48),
      sorts: (row) => row.to,
    },
    {
      name: 'Listener',
      width: 96,
      isExtra: true,
      cell: (row) => cut(row.listener, 20),
      sorts: (row) => row.listener,
    },
    {
      name: 'Rule',
      width: 190,
      isExtra: true,
      cell: (row) => cut(row.rule, 28),
      sorts: (row) => row.rule,
    },
    { name: 'Stage', width: 98, cell: (row) => cut(row.stage, 12), sorts: (row) => row.stage },
    { name: 'TLS', width: 64, isWide: true, cell: (row) => cut(row.tls || '–', 12), sorts: (row) => row.tls },
    { name: 'Requests', width: 84, isNumber: true, cell: (row) => count(row.requests), sorts: (row) => row.requests },
    {
      name: 'In',
      width: 80,
      isNumber: true,
      isWide: true,
      cell: (row) => size(row.bytesIn),
      sorts: (row) => row.bytesIn,
    },
    {
      name: 'Out',
      width: 80,
      isNumber: true,
      isWide: true,
      cell: (row) => size(row.bytesOut),
      sorts: (row) => row.bytesOut,
    },
    { name: 'Age', width: 92, isNumber: true, cell: (row) => duration(row.ageMs), sorts: (row) => row.ageMs },
    {
      name: 'Do',
      width: 104,
      cell: (row) => (
        <span class="row-actions">
          <button type="button" class="link" aria-label={`End connection ${row.number}`} onClick={() => close(row)}>
            End
          </button>
          <button
            type="button"
            class="link"
            aria-label={`Ban ${safe(addressOf(row.from))}`}
            onClick={() => ban(addressOf(row.from))}
          >
            Ban…
          </button>
        </span>
      ),
    },
  ];
}

function clientColumns(
  setFilter: (text: string) => void,
  setGrouped: (is: boolean) => void,
  ban: (address: string) => void,
): readonly Column<Client>[] {
  return [
    {
      name: 'Client',
      width: 260,
      isCode: true,
      cell: (client) => cut(client.address, 48),
      sorts: (client) => client.address,
    },
    {
      name: 'Connections',
      width: 110,
      isNumber: true,
      cell: (client) => count(client.connections),
      sorts: (client) => client.connections,
    },
    {
      name: 'Requests',
      width: 100,
      isNumber: true,
      cell: (client) => count(client.requests),
      sorts: (client) => client.requests,
    },
    {
      name: 'In',
      width: 100,
      isNumber: true,
      isWide: true,
      cell: (client) => size(client.bytesIn),
      sorts: (client) => client.bytesIn,
    },
    {
      name: 'Out',
      width: 100,
      isNumber: true,
      isWide: true,
      cell: (client) => size(client.bytesOut),
      sorts: (client) => client.bytesOut,
    },
    {
      name: 'Do',
      width: 120,
      cell: (client) => (
        <span class="row-actions">
          <button
            type="button"
            class="link"
            aria-label={`Show the connections of ${safe(client.address)}`}
            onClick={() => {
              setFilter(client.address);
              setGrouped(false);
            }}
          >
            Show
          </button>
          <button
            type="button"
            class="link"
            aria-label={`Ban ${safe(client.address)}`}
            onClick={() => ban(client.address)}
          >
            Ban…
          </button>
        </span>
      ),
    },
  ];
}
