// The seven steps of a journey, what decided, the bytes in their place; and the player, which goes through them one by one.

import { useEffect, useState } from 'preact/hooks';
import { Scroll } from '../parts/scroll.tsx';
import { Panel, Verdict } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import type { Finding, Journey, Reason } from '../shapes.ts';
import { markedHeader, markedTarget, type Piece } from './evidence.ts';
import { type Step, stepsOf } from './journey-steps.ts';

interface Props {
  readonly journey: Journey;
  readonly reason: Reason | null;
  readonly isImagined: boolean;
}

/** How long the player stays at a step, in ms. */
const stepMs = 2600;

/** Everything there is to see of a journey. */
export function JourneyBody({ journey, reason, isImagined }: Props) {
  const steps = stepsOf(journey, isImagined);
  const { shown, isPlaying, play, pause, go } = usePlayer(steps);
  return (
    <>
      <Panel
        title="The seven steps"
        side={<Player steps={steps} shown={shown} isPlaying={isPlaying} play={play} pause={pause} go={go} />}
      >
        {shown !== null && (
          <p class="teaches" aria-live="polite">
            <b>{steps[shown]!.name}.</b> {steps[shown]!.teaches}
          </p>
        )}
        <ol class={shown === null ? 'steps' : 'steps is-playing'}>
          {steps.map((step, index) => (
            <StepRow
              key={step.name}
              step={step}
              isNow={shown === index}
              isBehind={shown !== null && index < shown}
              isAhead={shown !== null && index > shown}
            />
          ))}
        </ol>
      </Panel>
      <Decision journey={journey} reason={reason} />
      {journey.request !== null && <Request journey={journey} />}
    </>
  );
}

function usePlayer(steps: readonly Step[]) {
  const [shown, setShown] = useState<number | null>(null);
  const [isPlaying, setPlaying] = useState(false);
  // Because what was not reached is not walked through: behind the end there is only the answer.
  const walk = steps.flatMap(({ state }, index) => (state === 'unreached' ? [] : [index]));
  useEffect(() => {
    if (!isPlaying || shown === null) return;
    const timer = setTimeout(() => {
      const next = walk[walk.indexOf(shown) + 1];
      if (next === undefined) setPlaying(false);
      else setShown(next);
    }, stepMs);
    return () => clearTimeout(timer);
  }, [isPlaying, shown]);
  const go = (by: -1 | 1) => {
    setPlaying(false);
    const at = shown === null ? (by > 0 ? -1 : walk.length) : walk.indexOf(shown);
    setShown(walk[Math.min(walk.length - 1, Math.max(0, at + by))]!);
  };
  const play = () => {
    if (shown === null || shown === walk.at(-1)) setShown(walk[0]!);
    setPlaying(true);
  };
  return { shown, isPlaying, play, pause: () => setPlaying(false), go };
}

function Player(props: Omit<ReturnType<typeof usePlayer>, never> & { readonly steps: readonly Step[] }) {
  const { shown, isPlaying, play, pause, go, steps } = props;
  return (
    <fieldset class="player">
      <legend class="unseen">Player</legend>
      <button type="button" aria-label="Step before" disabled={shown === null || shown === 0} onClick={() => go(-1)}>
        ◂
      </button>
      <button type="button" class="accent" onClick={isPlaying ? pause : play}>
        {isPlaying ? 'Pause' : 'Play'}
      </button>
      <button type="button" aria-label="Next step" disabled={shown === steps.length - 1} onClick={() => go(1)}>
        ▸
      </button>
    </fieldset>
  );
}

function StepRow({
  step,
  isNow,
  isBehind,
  isAhead,
}: {
  readonly step: Step;
  readonly isNow: boolean;
  readonly isBehind: boolean;
  readonly isAhead: boolean;
}) {
  const { number, name, state, verdict, headline, facts, time, teaches } = step;
  const classes = ['step', `step-${state}`, isNow && 'is-now', isBehind && 'is-behind', isAhead && 'is-ahead']
    .filter(Boolean)
    .join(' ');
  return (
    <li class={classes} aria-current={isNow ? 'step' : undefined}>
      <span class="step-number" aria-hidden="true">
        {number}
      </span>
      <div class="step-main">
        <p class="step-head">
          <span class="step-name" title={teaches}>
            {name}
          </span>
          {verdict !== '' && <Verdict word={verdict} />}
          <span class="step-line">
            <Text text={headline} max={220} opens />
          </span>
          {time !== '' && <span class="step-time">{time}</span>}
        </p>
        {facts.length > 0 && (
          <dl class="facts">
            {facts.map(([fact, value]) => (
              <div key={fact}>
                <dt>{fact}</dt>
                <dd>
                  <Text text={value} max={200} />
                </dd>
              </div>
            ))}
          </dl>
        )}
      </div>
    </li>
  );
}

function Decision({
  journey: { verdict, waf },
  reason,
}: {
  readonly journey: Journey;
  readonly reason: Reason | null;
}) {
  const rules = waf?.rules ?? [];
  if (verdict.why === '' && rules.length === 0) return null;
  return (
    <Panel title={verdict.why === '' ? 'What the WAF saw' : 'What decided'}>
      {verdict.why !== '' && (
        <dl class="facts facts-wide">
          <div>
            <dt>Reason</dt>
            <dd>
              <code>
                <Text text={verdict.why} max={60} />
              </code>{' '}
              <Text text={reason?.says ?? ''} max={300} none="" />
            </dd>
          </div>
          {verdict.says !== '' && (
            <div>
              <dt>In this case</dt>
              <dd>
                <Text text={verdict.says} max={300} opens />
              </dd>
            </div>
          )}
          {verdict.rule !== '' && (
            <div>
              <dt>Rule</dt>
              <dd>
                <Text text={verdict.rule} />{' '}
                {verdict.at !== '' && (
                  <span class="quiet">
                    <Text text={verdict.at} />
                  </span>
                )}
              </dd>
            </div>
          )}
          {verdict.place !== '' && (
            <div>
              <dt>Bytes</dt>
              <dd class="mono">
                <Text text={verdict.place} max={80} /> ={' '}
                <mark>
                  <Text text={verdict.value} max={256} />
                </mark>
              </dd>
            </div>
          )}
          {reason !== null && reason.allow !== '' && (
            <div>
              <dt>Let it pass</dt>
              <dd>
                <Text text={reason.allow} max={400} />
              </dd>
            </div>
          )}
        </dl>
      )}
      {rules.length > 0 && <Findings rules={rules} />}
    </Panel>
  );
}

function Findings({ rules }: { readonly rules: readonly Finding[] }) {
  return (
    <Scroll name="Rules that matched, table">
      <table class="broad">
        <thead>
          <tr>
            <th>Rule</th>
            <th>Says</th>
            <th>Where</th>
            <th>Bytes</th>
            <th class="num">Score</th>
          </tr>
        </thead>
        <tbody>
          {rules.map((rule, index) => (
            <tr key={index}>
              <td class="nowrap">
                {rule.id}{' '}
                <span class="quiet">
                  <Text text={rule.at ?? rule.detector} max={60} />
                </span>
              </td>
              <td>
                <Text text={rule.message} max={200} />
                {rule.decoded.length > 0 && (
                  <span class="quiet">
                    {' '}
                    after <Text text={rule.decoded.join(', ')} max={80} />
                  </span>
                )}
              </td>
              <td class="mono">
                <Text text={rule.variable} max={60} />
              </td>
              <td class="mono">
                <mark>
                  <Text text={rule.value} max={120} />
                </mark>
              </td>
              <td class="num">{rule.score}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

/** The request as it stood on the wire, as far as it is kept, with the bytes that matched in their place. */
function Request({ journey: { request, waf, verdict } }: { readonly journey: Journey }) {
  if (request === null) return null;
  const found = waf?.rules[0] === undefined ? { variable: verdict.place, value: verdict.value } : waf.rules[0];
  const target = markedTarget(request.target, found.variable, found.value);
  const isElsewhere =
    found.value !== '' && !found.variable.startsWith('REQUEST_') && !target.some(({ isFound }) => isFound);
  const headers = Object.entries(request.headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
  return (
    <Panel title="The request">
      <Scroll name="The request as it was sent" class="wire mono">
        <p>
          <Text text={request.method} max={24} /> <Marked pieces={target} /> HTTP/
          <Text text={request.version} max={12} />
        </p>
        {headers.map(([name, value], index) => (
          <p key={index}>
            <span class="wire-name">
              <Text text={name} max={60} />:
            </span>{' '}
            <Marked pieces={markedHeader(name, value, found.variable, found.value)} />
          </p>
        ))}
        {isElsewhere && (
          <p class="quiet">
            in the body, which is not kept: <Text text={found.variable} max={60} /> ={' '}
            <mark>
              <Text text={found.value} max={256} />
            </mark>
          </p>
        )}
      </Scroll>
    </Panel>
  );
}

function Marked({ pieces }: { readonly pieces: readonly Piece[] }) {
  return (
    <>
      {pieces.map(({ text, isFound }, index) =>
        isFound ? (
          <mark key={index}>
            <Text text={text} max={1024} none="" />
          </mark>
        ) : (
          <Text key={index} text={text} max={1024} none="" />
        ),
      )}
    </>
  );
}
