// The audit trail: who changed what over the API, and how it ended.

import { get } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, moment } from '../format.ts';
import { Panel, Pending } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';

interface Entry {
  readonly at: string;
  readonly who: string;
  readonly what: string;
  readonly with: unknown;
  readonly outcome: string;
}

/** Entries that are shown; the file has them all. */
const shown = 30;

/** The panel. */
export function Trail() {
  const trail = useAsked('trail', (signal) => get<readonly Entry[]>('/audit', {}, signal), 10_000);
  return (
    <Panel title="Who changed what">
      <Pending asked={trail} what="the audit trail" />
      {trail.value?.length === 0 && (
        <p class="quiet">Nobody has changed anything from here yet. Changes by commands are not in this list.</p>
      )}
      {trail.value !== null && trail.value.length > 0 && (
        <>
          <Table name="Audit trail" columns={columns} rows={trail.value.slice(0, shown)} isBroad />
          <p class="hint">
            {trail.value.length > shown && `The last ${shown} of ${count(trail.value.length)}. `}All are in
            admin-audit.jsonl in the data directory.
          </p>
        </>
      )}
    </Panel>
  );
}

const columns: readonly TableColumn<Entry>[] = [
  { name: 'When', isWhole: true, cell: ({ at }) => moment(at) },
  { name: 'Who', cell: ({ who }) => <Text text={who} max={40} /> },
  { name: 'What', isCode: true, cell: ({ what }) => <Text text={what} max={80} /> },
  { name: 'With', isCode: true, cell: (entry) => <Text text={JSON.stringify(entry.with) ?? ''} max={120} opens /> },
  {
    name: 'Outcome',
    isOdd: ({ outcome }) => outcome !== 'done',
    cell: ({ outcome }) => <Text text={outcome} max={160} />,
  },
];
