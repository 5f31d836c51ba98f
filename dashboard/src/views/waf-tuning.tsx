// The tuning queue: what the WAF found in requests of ordinary clients, by rule and place, each with the exclusion that would let them through.

import { useState } from 'preact/hooks';
import { get } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, plural } from '../format.ts';
import { Panel, Pending } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { safe, Text } from '../parts/text.tsx';
import { encoded, linkTo } from '../route.ts';
import { ExclusionDialog } from './proposal.tsx';

interface Row {
  readonly site: string;
  readonly rule: number;
  readonly detector: string;
  readonly message: string;
  readonly place: string;
  readonly method: string;
  readonly path: string;
  readonly events: number;
  readonly clients: number;
  readonly ordinary: number;
  readonly sample: string;
  readonly value: string;
}

/** The panel. */
export function Tuning() {
  const [isAll, setAll] = useState(false);
  const [excluded, setExcluded] = useState<string | null>(null);
  const tuning = useAsked(
    'tuning',
    (signal) => get<{ rows: readonly Row[]; looked: number }>('/waf/tuning', {}, signal),
    15_000,
  );
  const rows = (tuning.value?.rows ?? []).filter(({ ordinary }) => isAll || ordinary > 0);
  const side = (
    <label class="check">
      <input type="checkbox" checked={isAll} onChange={(event) => setAll(event.currentTarget.checked)} /> of everybody
    </label>
  );
  return (
    <Panel title="Perhaps false alarms" side={side}>
      <Pending asked={tuning} what="what ordinary clients met" />
      {tuning.value !== null && rows.length === 0 && (
        <p class="quiet">
          Nothing was found in requests of ordinary clients, of whom most requests passed.{' '}
          {plural(tuning.value.looked, 'finding')} of the history looked through.
        </p>
      )}
      {rows.length > 0 && <Table name="Tuning queue" columns={columnsOf(setExcluded)} rows={rows} isBroad />}
      {excluded !== null && (
        <ExclusionDialog
          id={excluded}
          onClose={() => {
            setExcluded(null);
            tuning.again();
          }}
        />
      )}
    </Panel>
  );
}

const columnsOf = (exclude: (id: string) => void): readonly TableColumn<Row>[] => [
  { name: 'Ordinary clients', isNumber: true, cell: (row) => `${count(row.ordinary)} of ${count(row.clients)}` },
  { name: 'Times', isNumber: true, cell: (row) => count(row.events) },
  {
    name: 'Rule',
    cell: (row) => (
      <>
        {row.rule}{' '}
        <span class="quiet">
          <Text text={row.message || row.detector} max={90} none="" />
        </span>
      </>
    ),
  },
  {
    name: 'Where',
    isCode: true,
    cell: (row) => (
      <>
        <Text text={`${row.method} ${row.path}`} max={70} /> <Text text={row.place} max={50} />
      </>
    ),
  },
  {
    name: 'For example',
    isCode: true,
    cell: (row) => (
      <a href={linkTo(`journeys/${encoded(row.sample)}`)}>
        <mark>
          <Text text={row.value} max={60} />
        </mark>
      </a>
    ),
  },
  {
    name: 'Do',
    isWhole: true,
    cell: (row) => (
      <button
        type="button"
        class="link"
        aria-label={`Exclude rule ${row.rule} in ${safe(row.place, 60)}`}
        onClick={() => exclude(row.sample)}
      >
        Exclude…
      </button>
    ),
  },
];
