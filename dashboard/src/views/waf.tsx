// The WAF: what it found, gathered so that ten thousand alike are one line; false alarms first; which rules do it and what they cost; what it
// does where.

import { useState } from 'preact/hooks';
import { get } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, moment } from '../format.ts';
import { Empty, Panel, Pending, Verdict } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';
import { encoded, linkTo } from '../route.ts';
import type { Group } from '../shapes.ts';
import { Bots } from './bots.tsx';
import { Models } from './models.tsx';
import { WafModes } from './waf-modes.tsx';
import { Costs, TopRules } from './waf-rules.tsx';
import { Tuning } from './waf-tuning.tsx';

interface Groups {
  readonly groups: readonly Group[];
  readonly total: number;
}

/** The view. */
export function Waf() {
  return (
    <>
      <Events />
      <Tuning />
      <div class="columns">
        <TopRules />
        <WafModes />
      </div>
      <Costs />
      <Models />
      <Bots />
    </>
  );
}

function Events() {
  const [order, setOrder] = useState<'count' | 'last'>('last');
  const groups = useAsked(
    order,
    (signal) => get<Groups>('/journeys/groups', { by: 'attack', layer: 'waf', order, limit: 100 }, signal),
    3000,
  );
  const side = (
    <label class="check">
      Order
      <select value={order} onChange={(event) => setOrder(event.currentTarget.value as 'count' | 'last')}>
        <option value="last">newest first</option>
        <option value="count">most first</option>
      </select>
    </label>
  );
  return (
    <Panel title="What it stopped" side={side}>
      <Pending asked={groups} what="attacks" />
      {groups.value?.groups.length === 0 && (
        <Empty title="Nothing yet">
          <p>Attacks appear here, those that are alike as one line with their exact number.</p>
        </Empty>
      )}
      {groups.value !== null && groups.value.groups.length > 0 && (
        <Table name="Attacks" columns={attackColumns} rows={groups.value.groups} isBroad />
      )}
    </Panel>
  );
}

const attackColumns: readonly TableColumn<Group>[] = [
  { name: 'Times', isNumber: true, cell: (group) => count(group.count) },
  { name: 'Verdict', cell: ({ verdict }) => <Verdict word={verdict} /> },
  { name: 'Reason', cell: ({ why }) => <Text text={why} max={40} /> },
  { name: 'Rule', cell: ({ rule }) => <Text text={rule} max={30} /> },
  { name: 'Site', cell: ({ site }) => <Text text={site} max={40} /> },
  { name: 'From', isCode: true, cell: ({ prefix }) => <Text text={prefix} max={50} none="many" /> },
  { name: 'First', isWhole: true, cell: ({ firstAt }) => moment(firstAt) },
  { name: 'Last', isWhole: true, cell: ({ lastAt }) => moment(lastAt) },
  {
    name: 'See',
    isWhole: true,
    cell: ({ sample }) => sample !== '' && <a href={linkTo(`journeys/${encoded(sample)}`)}>one of them</a>,
  },
];
