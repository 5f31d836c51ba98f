// The WAF: what it found, gathered so that ten thousand alike are one line; which rules did it and what they cost; what it does where.

import { useState } from 'preact/hooks';
import { get } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, moment } from '../format.ts';
import { Scroll } from '../parts/scroll.tsx';
import { Empty, Failed, Panel, Verdict, Waiting } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import { encoded, linkTo } from '../route.ts';
import type { Group } from '../shapes.ts';

interface Groups {
  readonly groups: readonly Group[];
  readonly total: number;
}

interface Sites {
  readonly mode: string;
  readonly threshold: number;
  readonly rules: string;
  readonly paranoia: number;
  readonly sites: readonly {
    readonly name: string;
    readonly mode: string;
    readonly exclusions: readonly {
      readonly detector?: string;
      readonly place?: string;
      readonly path?: string;
      readonly because?: string;
    }[];
  }[];
}

interface Bill {
  readonly phases: number;
  readonly sharedMs: number;
  readonly overruns: number;
  readonly rows: readonly {
    readonly id: number;
    readonly at: string;
    readonly hits: number;
    readonly asked: number;
    readonly cpuMs: number;
  }[];
}

/** The view. */
export function Waf() {
  return (
    <>
      <Events />
      <div class="columns">
        <TopRules />
        <Modes />
      </div>
      <Costs />
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
      First
      <select value={order} onChange={(event) => setOrder(event.currentTarget.value as 'count' | 'last')}>
        <option value="last">the newest</option>
        <option value="count">the most</option>
      </select>
    </label>
  );
  return (
    <Panel title="What it stopped" side={side}>
      {groups.trouble !== null && <Failed says={groups.trouble} again={groups.again} />}
      {groups.value === null && groups.trouble === null && <Waiting what="attacks" />}
      {groups.value?.groups.length === 0 && (
        <Empty title="Nothing yet">
          <p>Attacks appear here, those that are alike as one line with their exact number.</p>
        </Empty>
      )}
      {groups.value !== null && groups.value.groups.length > 0 && <Attacks groups={groups.value.groups} />}
    </Panel>
  );
}

function Attacks({ groups }: { readonly groups: readonly Group[] }) {
  return (
    <Scroll name="Attacks, table">
      <table class="broad">
        <thead>
          <tr>
            <th class="num">Times</th>
            <th>Verdict</th>
            <th>Reason</th>
            <th>Rule</th>
            <th>Site</th>
            <th>From</th>
            <th>First</th>
            <th>Last</th>
            <th>See</th>
          </tr>
        </thead>
        <tbody>
          {groups.map((group, index) => (
            <tr key={index}>
              <td class="num">{count(group.count)}</td>
              <td>
                <Verdict word={group.verdict} />
              </td>
              <td>
                <Text text={group.why} max={40} />
              </td>
              <td>
                <Text text={group.rule} max={30} />
              </td>
              <td>
                <Text text={group.site} max={40} />
              </td>
              <td class="mono">
                <Text text={group.prefix} max={50} none="many" />
              </td>
              <td class="nowrap">{moment(group.firstAt)}</td>
              <td class="nowrap">{moment(group.lastAt)}</td>
              <td class="nowrap">
                {group.sample !== '' && <a href={linkTo(`journeys/${encoded(group.sample)}`)}>one of them</a>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function TopRules() {
  const groups = useAsked(
    'rules',
    (signal) => get<Groups>('/journeys/groups', { by: 'rule', layer: 'waf', order: 'count', limit: 15 }, signal),
    5000,
  );
  return (
    <Panel title="Rules that decided most">
      {groups.trouble !== null && <Failed says={groups.trouble} again={groups.again} />}
      {groups.value?.groups.length === 0 && <p class="quiet">None has decided yet.</p>}
      {groups.value !== null && groups.value.groups.length > 0 && (
        <Scroll name="Top rules, table">
          <table>
            <thead>
              <tr>
                <th class="num">Times</th>
                <th>Rule</th>
                <th>Reason</th>
                <th>Last</th>
              </tr>
            </thead>
            <tbody>
              {groups.value.groups.map((group, index) => (
                <tr key={index}>
                  <td class="num">{count(group.count)}</td>
                  <td>
                    <a href={linkTo('journeys', group.rule === '' ? { why: group.why } : { rule: group.rule })}>
                      <Text text={group.rule || group.why} max={40} />
                    </a>
                  </td>
                  <td>
                    <Text text={group.why} max={40} />
                  </td>
                  <td class="nowrap">{moment(group.lastAt)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  );
}

function Modes() {
  const sites = useAsked('sites', (signal) => get<Sites>('/waf', {}, signal), 10_000);
  if (sites.value === null)
    return sites.trouble === null ? <Waiting what="the sites" /> : <Failed says={sites.trouble} again={sites.again} />;
  const { rules, threshold, paranoia, sites: all } = sites.value;
  return (
    <Panel title="What it does where">
      <p class="quiet">
        Rules: <Text text={rules} max={80} />
        {paranoia > 0 && `, paranoia ${paranoia}`}; a score of {threshold} is refused.
      </p>
      <Scroll name="Modes, table">
        <table>
          <thead>
            <tr>
              <th>Site</th>
              <th>Mode</th>
              <th>Left out</th>
            </tr>
          </thead>
          <tbody>
            {all.map(({ name, mode, exclusions }) => (
              <tr key={name}>
                <td>
                  <Text text={name} max={60} />
                </td>
                <td>
                  <Verdict word={mode} />
                </td>
                <td>
                  {exclusions.length === 0 && <span class="none">nothing</span>}
                  {exclusions.map(
                    ({ detector = 'everything', place = 'anywhere', path = '/', because = '' }, index) => (
                      <div key={index}>
                        <Text text={`${detector} in ${place} under ${path}`} max={120} />{' '}
                        <span class="quiet">
                          <Text text={because} max={120} none="" />
                        </span>
                      </div>
                    ),
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}

function Costs() {
  const bill = useAsked('bill', (signal) => get<Bill | null>('/waf/bill', {}, signal), 10_000);
  if (bill.trouble !== null) return <Failed says={bill.trouble} again={bill.again} />;
  if (bill.value === null)
    return bill.isBusy ? null : <p class="hint">The built-in rules hold, which have no bill by rule.</p>;
  const { rows, sharedMs, phases, overruns } = bill.value;
  const total = rows.reduce((sum, { cpuMs }) => sum + cpuMs, sharedMs);
  const share = (ms: number) => `${total === 0 ? '0.0' : ((100 * ms) / total).toFixed(1)} %`;
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
      <Scroll name="Bill, table">
        <table class="broad">
          <thead>
            <tr>
              <th class="num">Rule</th>
              <th class="num">Share</th>
              <th class="num">CPU, ms</th>
              <th class="num">Asked</th>
              <th class="num">Matched</th>
              <th>Where</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <td class="num">all</td>
              <td class="num">{share(sharedMs)}</td>
              <td class="num">{sharedMs.toFixed(1)}</td>
              <td class="num">–</td>
              <td class="num">–</td>
              <td class="quiet">the pass over values that all rules share</td>
            </tr>
            {rows.slice(0, 20).map(({ id, at, hits, asked, cpuMs }) => (
              <tr key={id}>
                <td class="num">{id}</td>
                <td class="num">{share(cpuMs)}</td>
                <td class="num">{cpuMs.toFixed(1)}</td>
                <td class="num">{count(asked)}</td>
                <td class="num">{count(hits)}</td>
                <td class="quiet">
                  <Text text={at} max={100} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}
