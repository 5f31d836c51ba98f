// The kernel's firewall: what would change, rules on trial with the time that is left, and former rules.

import { useEffect, useState } from 'preact/hooks';
import { get, post } from '../api.ts';
import { useAsked } from '../ask.ts';
import { duration, moment, plural } from '../format.ts';
import { attempt } from '../parts/notices.tsx';
import { Failed, Panel, Waiting } from '../parts/states.tsx';
import { Table, type TableColumn } from '../parts/table.tsx';
import { Text } from '../parts/text.tsx';

interface Plan {
  readonly isSame: boolean;
  readonly changes: readonly string[] | null;
  readonly cuts: readonly { readonly [fact: string]: unknown }[];
  readonly lockouts: readonly { readonly [fact: string]: unknown }[];
  readonly pending: { readonly generation: number; readonly deadline: string } | null;
}

interface Generations {
  readonly current: number;
  readonly generations: readonly Generation[];
}

interface Generation {
  readonly number: number;
  readonly at: string;
  readonly how: string;
  readonly rules: number;
  readonly state: string;
}

const trials = [30, 60, 300, 1800];

/** The panel; null while it is not known whether the rules are in the kernel. */
export function Kernel({ isEnforced }: { readonly isEnforced: boolean | null }) {
  if (isEnforced === null) return null;
  if (!isEnforced)
    return (
      <Panel title="Kernel">
        <p class="quiet">
          The rules hold when the gate accepts a connection, for its own ports.{' '}
          <code>firewall: {'{ enforce: [accept, kernel] }'}</code> puts them into the kernel, too, for every port of
          this machine.
        </p>
      </Panel>
    );
  return <Enforced />;
}

function Enforced() {
  const plan = useAsked('plan', (signal) => get<Plan>('/firewall/plan', {}, signal));
  const generations = useAsked('generations', (signal) => get<Generations>('/firewall/generations', {}, signal));
  const [seconds, setSeconds] = useState(60);
  const again = () => {
    plan.again();
    generations.again();
  };
  const act = (done: string, path: string, body: object) => void attempt(done, () => post(path, body)).then(again);
  const pending = plan.value?.pending ?? null;
  return (
    <Panel
      title="Kernel"
      side={
        <button type="button" onClick={again} disabled={plan.isBusy}>
          Look again
        </button>
      }
    >
      {plan.trouble !== null && <Failed says={plan.trouble} again={again} />}
      {plan.value === null && plan.trouble === null && <Waiting what="the kernel's rules" />}
      {pending !== null && (
        <Trial
          deadline={Date.parse(pending.deadline)}
          number={pending.generation}
          onOver={again}
          confirm={() => act('The rules are kept', '/firewall/confirm', {})}
          undo={() => act('The former rules are back', '/firewall/rollback', {})}
        />
      )}
      {plan.value !== null &&
        (plan.value.isSame ? <p>The kernel has the rules of the configuration.</p> : <Changes plan={plan.value} />)}
      {plan.value !== null && !plan.value.isSame && pending === null && (
        <div class="actions actions-left">
          <label class="check">
            On trial for
            <select value={seconds} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
              {trials.map((trial) => (
                <option key={trial} value={trial}>
                  {duration(trial * 1000)}
                </option>
              ))}
            </select>
          </label>
          <button
            type="button"
            class="accent"
            onClick={() =>
              act('The rules stand on trial: confirm them in time', '/firewall/apply', { confirmSeconds: seconds })
            }
          >
            Apply on trial
          </button>
        </div>
      )}
      {generations.value !== null && generations.value.generations.length > 0 && (
        <Former generations={generations.value} act={act} />
      )}
    </Panel>
  );
}

function Trial(props: {
  readonly deadline: number;
  readonly number: number;
  readonly onOver: () => void;
  readonly confirm: () => void;
  readonly undo: () => void;
}) {
  const [left, setLeft] = useState(props.deadline - Date.now());
  useEffect(() => {
    const timer = setInterval(() => {
      const now = props.deadline - Date.now();
      setLeft(now);
      if (now < -4000) {
        clearInterval(timer);
        props.onOver();
      }
    }, 500);
    return () => clearInterval(timer);
  }, [props.deadline]);
  return (
    <div class="trial">
      <p>
        Generation {props.number} stands on trial. The former rules come back in{' '}
        <b class="num">{duration(Math.max(0, left))}</b> unless it is confirmed. Open a new connection to this machine
        first, and see that you get in.
      </p>
      <div class="actions">
        <button type="button" onClick={props.undo}>
          Take back now
        </button>
        <button type="button" class="accent" onClick={props.confirm}>
          Keep them
        </button>
      </div>
    </div>
  );
}

function Changes({ plan: { changes, cuts, lockouts } }: { readonly plan: Plan }) {
  return (
    <>
      <ul class="plain">
        {(changes ?? ['what changes cannot be told']).map((says) => (
          <li key={says}>
            <Text text={says} max={300} />
          </li>
        ))}
        <li>{cuts.length === 0 ? 'cuts no live connection' : `cuts ${plural(cuts.length, 'live connection')}`}</li>
      </ul>
      {lockouts.length > 0 && (
        <Failed
          says={`It would lock somebody out (${plural(lockouts.length, 'connection')}), so that it is refused.`}
        />
      )}
    </>
  );
}

function Former({ generations: { generations, current }, act }: { readonly generations: Generations } & Acts) {
  return (
    <Table
      name="Generations"
      columns={columnsOf(current, act)}
      rows={generations.toReversed()}
      keyOf={({ number }) => number}
      isBroad
    />
  );
}

interface Acts {
  readonly act: (done: string, path: string, body: object) => void;
}

const columnsOf = (current: number, act: Acts['act']): readonly TableColumn<Generation>[] => [
  { name: 'Generation', isNumber: true, cell: ({ number }) => number },
  { name: 'Applied', cell: ({ at }) => moment(at) },
  { name: 'By', cell: ({ how }) => <Text text={how} /> },
  { name: 'Rules', isNumber: true, cell: ({ rules }) => rules },
  { name: 'State', cell: ({ state }) => <Text text={state} max={40} none="" /> },
  {
    name: 'Do',
    cell: ({ number, state }) =>
      number !== current &&
      state === '' && (
        <button
          type="button"
          class="link"
          onClick={() => act(`Generation ${number} stands again`, '/firewall/rollback', { number })}
        >
          Go back to it
        </button>
      ),
  },
];
