// Rules of the WAF by what they decided, found, cost, or were left out for; and the bill of rules of files.

import { useState } from 'preact/hooks';
import { get } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, moment } from '../format.ts';
import { Failed, Panel, Pending } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';
import { linkTo } from '../route.ts';
import type { Group } from '../shapes.ts';
import { exclusionText, type WafSites } from './exclusion-text.ts';

interface Bill {
  readonly phases: number;
  readonly sharedMs: number;
  readonly overruns: number;
  readonly rows: readonly BillRow[];
}

interface BillRow {
  readonly id: number;
  readonly at: string;
  readonly hits: number;
  readonly asked: number;
  readonly cpuMs: number;
}

/** One line of any of the lists. */
interface Line {
  readonly figure: string;
  readonly rule: string;
  readonly link: string;
  readonly about: string;
}

const shown = 15;

/** What rules are put in the order of. */
const orders: readonly { readonly name: string; readonly ask: (signal: AbortSignal) => Promise<readonly Line[]> }[] = [
  {
    name: 'decided most',
    ask: async (signal) => {
      const query = { by: 'rule', layer: 'waf', order: 'count', limit: shown };
      const { groups } = await get<{ groups: readonly Group[] }>('/journeys/groups', query, signal);
      return groups.map(({ count: times, rule, why, lastAt }) => ({
        figure: count(times),
        rule: rule || why,
        link: linkTo('journeys', rule === '' ? { why } : { rule }),
        about: `${why}, last at ${moment(lastAt)}`,
      }));
    },
  },
  {
    name: 'found most',
    ask: async (signal) => {
      const found = await get<readonly { rule: string; count: number }[]>('/waf/found', {}, signal);
      return found.slice(0, shown).map(({ rule, count: times }) => ({
        figure: count(times),
        rule,
        link: linkTo('journeys', { rule }),
        about: 'requests in which it found something, whatever became of them',
      }));
    },
  },
  {
    name: 'cost most',
    ask: async (signal) => {
      const bill = await get<Bill | null>('/waf/bill', {}, signal);
      return (bill?.rows ?? []).slice(0, shown).map(({ id, at, cpuMs }) => ({
        figure: `${cpuMs.toFixed(1)} ms`,
        rule: String(id),
        link: linkTo('journeys', { rule: id }),
        about: nameIn(at),
      }));
    },
  },
  {
    name: 'were left out most',
    ask: async (signal) => {
      const { sites } = await get<WafSites>('/waf', {}, signal);
      const all = sites.flatMap(({ name, exclusions }) => exclusions.map((one) => ({ name, one })));
      all.sort((a, b) => b.one.excused - a.one.excused);
      return all.slice(0, shown).map(({ name, one }) => ({
        figure: count(one.excused),
        rule: one.detector ?? 'every',
        link: '',
        about: `${exclusionText(one)}, site ${name}`,
      }));
    },
  },
];

const lineColumns: readonly TableColumn<Line>[] = [
  { name: 'How much', isNumber: true, cell: ({ figure }) => figure },
  {
    name: 'Rule',
    cell: ({ rule, link }) =>
      link === '' ? (
        <Text text={rule} max={40} />
      ) : (
        <a href={link}>
          <Text text={rule} max={40} />
        </a>
      ),
  },
  {
    name: 'About',
    cell: ({ about }) => (
      <span class="quiet">
        <Text text={about} max={120} />
      </span>
    ),
  },
];

/** The lists, one at a time. */
export function TopRules() {
  const [order, setOrder] = useState(0);
  const { name, ask } = orders[order]!;
  const lines = useAsked(name, ask, 5000);
  const side = (
    <label class="check">
      that
      <select value={order} onChange={(event) => setOrder(Number(event.currentTarget.value))}>
        {orders.map((one, index) => (
          <option key={one.name} value={index}>
            {one.name}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel title="Rules" side={side}>
      <Pending asked={lines} what="rules" />
      {lines.value?.length === 0 && <p class="quiet">{noneFor[name] ?? 'None yet.'}</p>}
      {lines.value !== null && lines.value.length > 0 && (
        <Table name="Rules" columns={lineColumns} rows={lines.value} />
      )}
    </Panel>
  );
}

/** File and line without the directories, which are the same for all of a rule set. */
function nameIn(at: string): string {
  return at.slice(at.lastIndexOf('/') + 1);
}

const noneFor: Readonly<Record<string, string>> = {
  'cost most': 'The built-in rules hold, which have no bill by rule.',
  'were left out most': 'Nothing is left out at any site.',
};

/** What rules of files cost. */
export function Costs() {
  const bill = useAsked('bill', (signal) => get<Bill | null>('/waf/bill', {}, signal), 10_000);
  if (bill.trouble !== null) return <Failed says={bill.trouble} again={bill.again} />;
  if (bill.value === null) return null;
  const { rows, sharedMs, phases, overruns } = bill.value;
  const total = rows.reduce((sum, { cpuMs }) => sum + cpuMs, sharedMs);
  const shared = { id: 0, at: 'the pass over values that all rules share', hits: 0, asked: 0, cpuMs: sharedMs };
  return (
    <Panel
      title="What the rules cost"
      side={
        <span class="hint">
          {total.toFixed(0)} ms of CPU for {count(phases)} phases, reckoned from one in 17; {count(overruns)} spent
          their budget
        </span>
      }
    >
      <Table
        name="Bill"
        columns={billColumns(total)}
        rows={[shared, ...rows.slice(0, 20)]}
        keyOf={({ id }) => id}
        isBroad
      />
    </Panel>
  );
}

const billColumns = (total: number): readonly TableColumn<BillRow>[] => {
  const own = (id: number, figure: number) => (id === 0 ? '–' : count(figure));
  return [
    { name: 'Rule', isNumber: true, cell: ({ id }) => (id === 0 ? 'all' : id) },
    {
      name: 'Share',
      isNumber: true,
      cell: ({ cpuMs }) => `${total === 0 ? '0.0' : ((100 * cpuMs) / total).toFixed(1)} %`,
    },
    { name: 'CPU, ms', isNumber: true, cell: ({ cpuMs }) => cpuMs.toFixed(1) },
    { name: 'Asked', isNumber: true, cell: ({ id, asked }) => own(id, asked) },
    { name: 'Matched', isNumber: true, cell: ({ id, hits }) => own(id, hits) },
    {
      name: 'Where',
      cell: ({ id, at }) => (
        <span class="quiet">
          <Text text={id === 0 ? at : nameIn(at)} max={100} />
        </span>
      ),
    },
  ];
};
