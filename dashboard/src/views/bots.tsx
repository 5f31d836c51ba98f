// Bots: the tasks that browsers were set and what came of them, clients in the tarpit, robots that are known by name.

import { get } from '../api.ts';
import { useAsked } from '../ask.ts';
import { count, duration } from '../format.ts';
import { Panel, Pending } from '../parts/states.tsx';
import { safe } from '../parts/text.tsx';
import { linkTo } from '../route.ts';

interface BotsTold {
  readonly tasks: {
    readonly bits: number;
    readonly answerWithinMs: number;
    readonly validMs: number;
    readonly posed: number;
    readonly done: number;
    readonly wrong: number;
  };
  readonly tarpit: {
    readonly held: number;
    readonly maxHeld: number;
    readonly holdMs: number;
    readonly refused: number;
  };
  readonly robots: readonly { readonly name: string }[];
}

/** The panel. */
export function Bots() {
  const bots = useAsked('bots', (signal) => get<BotsTold>('/bots', {}, signal), 5000);
  return (
    <Panel title="Bots">
      <Pending asked={bots} what="the bots" />
      {bots.value !== null && <Facts told={bots.value} />}
    </Panel>
  );
}

function Facts({ told: { tasks, tarpit, robots } }: { readonly told: BotsTold }) {
  const isUsed = tasks.posed + tasks.done + tasks.wrong + tarpit.refused + tarpit.held + robots.length > 0;
  return (
    <>
      <dl class="facts facts-wide">
        <div>
          <dt>Tasks</dt>
          <dd>
            {count(tasks.posed)} set to browsers (<a href={linkTo('journeys', { why: 'rules/challenged' })}>by rules</a>
            , <a href={linkTo('journeys', { why: 'rates/challenged' })}>by limits</a>),{' '}
            <a href={linkTo('journeys', { why: 'bots/proven' })}>{count(tasks.done)} done</a>,{' '}
            <a href={linkTo('journeys', { why: 'bots/wrong-answer' })}>{count(tasks.wrong)} answered wrongly</a>
            <span class="line quiet">
              {tasks.bits} bits of work, within {duration(tasks.answerWithinMs)}; then spared for{' '}
              {duration(tasks.validMs)}
            </span>
          </dd>
        </div>
        <div>
          <dt>Tarpit</dt>
          <dd>
            {count(tarpit.held)} held now, {count(tarpit.refused)} sent there (
            <a href={linkTo('journeys', { why: 'rules/tarpit' })}>by rules</a>,{' '}
            <a href={linkTo('journeys', { why: 'rates/tarpit' })}>by limits</a>)
            <span class="line quiet">
              at most {count(tarpit.maxHeld)} at once in a worker, for {duration(tarpit.holdMs)}
            </span>
          </dd>
        </div>
        <div>
          <dt>Good robots</dt>
          <dd>{robots.length === 0 ? <span class="none">none is named (bots.verified)</span> : namesOf(robots)}</dd>
        </div>
      </dl>
      {!isUsed && (
        <p class="hint">
          Nothing sets tasks yet: a rule such as <code>challenge if path is /login</code>, or a limit with{' '}
          <code>then: challenge</code>.
        </p>
      )}
    </>
  );
}

function namesOf(robots: BotsTold['robots']): string {
  return robots.map(({ name }) => safe(name, 60)).join(', ');
}
