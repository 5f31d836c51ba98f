// Who is shut out, by whom and for how long; who never is; and the blocklists.

import { useState } from 'preact/hooks';
import { get, remove } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, duration, moment } from '../format.ts';
import { BanDialog } from '../parts/ban-dialog.tsx';
import { attempt } from '../parts/notices.tsx';
import { Failed, Panel, Waiting } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { safe, Text } from '../parts/text.tsx';
import { encoded } from '../route.ts';
import type { Bans } from '../shapes.ts';

/** Bans shown at once. */
const maxShown = 200;

/** The panel. */
export function BanList() {
  const [isBanning, setBanning] = useState(false);
  const bans = useAsked('bans', (signal) => get<Bans>('/bans', {}, signal), 3000);
  const side = (
    <button type="button" onClick={() => setBanning(true)}>
      Ban somebody…
    </button>
  );
  const free = (target: string) =>
    void attempt(`${safe(target)} may come in again`, () => remove(`/bans/${encoded(target)}`)).then(bans.again);
  return (
    <Panel title="Bans" side={side}>
      {bans.trouble !== null && <Failed says={bans.trouble} again={bans.again} />}
      {bans.value === null ? (
        bans.trouble === null && <Waiting what="bans" />
      ) : (
        <Listed bans={bans.value} free={free} />
      )}
      {isBanning && (
        <BanDialog
          target=""
          onClose={() => {
            setBanning(false);
            bans.again();
          }}
        />
      )}
    </Panel>
  );
}

function Listed({
  bans: { bans, total, never, blocklists, kept },
  free,
}: {
  readonly bans: Bans;
  readonly free: (target: string) => void;
}) {
  return (
    <>
      {!kept && <p class="hint">Bans are not kept across a restart: their file cannot be written.</p>}
      {total === 0 ? (
        <p class="quiet">Nobody is banned.</p>
      ) : (
        <Table
          name="Bans"
          columns={banColumns(free)}
          rows={bans.slice(0, maxShown)}
          keyOf={({ target }) => target}
          isBroad
        />
      )}
      {total > maxShown && (
        <p class="hint">
          The first {maxShown} of {count(total)}.
        </p>
      )}
      {blocklists.length > 0 && (
        <Table name="Blocklists" columns={listColumns} rows={blocklists} keyOf={({ name }) => name} isBroad />
      )}
      <details>
        <summary>{count(never.length)} that are never banned, and why</summary>
        <ul class="plain">
          {never.map(({ target, why }, index) => (
            <li key={index}>
              <span class="mono">
                <Text text={target} max={64} />
              </span>{' '}
              <span class="quiet">
                <Text text={why} max={120} />
              </span>
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

const banColumns = (free: (target: string) => void): readonly TableColumn<Bans['bans'][number]>[] => [
  { name: 'Who', isCode: true, cell: ({ target }) => <Text text={target} max={64} /> },
  { name: 'By', cell: ({ by }) => <Text text={by} max={12} /> },
  { name: 'Left', isNumber: true, cell: ({ leftMs }) => (leftMs === null ? 'for good' : duration(leftMs)) },
  { name: 'Why', cell: ({ reason }) => <Text text={reason} max={160} /> },
  {
    name: 'Do',
    cell: ({ target }) => (
      <button type="button" class="link" aria-label={`Let ${safe(target)} in again`} onClick={() => free(target)}>
        Let in
      </button>
    ),
  },
];

const listColumns: readonly TableColumn<Bans['blocklists'][number]>[] = [
  { name: 'Blocklist', cell: ({ name }) => <Text text={name} /> },
  { name: 'Networks', isNumber: true, cell: ({ entries }) => count(entries) },
  { name: 'Broken lines', isNumber: true, cell: ({ broken }) => count(broken) },
  { name: 'Loaded', cell: ({ loadedAt }) => (loadedAt === 0 ? 'never' : moment(loadedAt)) },
  {
    name: 'State',
    cell: ({ isStale, problem }) => (
      <>
        {isStale && <b>stale </b>}
        <Text text={problem} max={160} none="good" />
      </>
    ),
  },
];
