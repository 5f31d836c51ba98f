// What it came to that recorded requests were decided once more.

import { count, plural } from '../format.ts';
import { Text } from '../parts/text.tsx';
import { encoded, linkTo } from '../route.ts';

/** What the API says. */
export interface Replayed {
  readonly decided: number;
  readonly same: number;
  readonly refused: number;
  readonly letThrough: number;
  readonly unknown: number;
  readonly leftOut: number;
  readonly changes: readonly {
    readonly kind: string;
    readonly why: string;
    readonly count: number;
    readonly examples: readonly { readonly id: string; readonly request: string; readonly says: string }[];
  }[];
}

/** The sums, and every way in which verdicts change. */
export function ReplayedText({ replayed }: { readonly replayed: Replayed }) {
  const { decided, same, refused, letThrough, unknown, leftOut, changes } = replayed;
  return (
    <>
      <p>
        {plural(decided, 'request')} decided once more: {count(same)} as before,{' '}
        <span class={refused > 0 ? 'stopped' : ''}>{count(refused)} newly refused</span>, {count(letThrough)} newly let
        through.
        {unknown > 0 && ` ${count(unknown)} hang on a body or a secret that is not kept.`}
        {leftOut > 0 && ` ${count(leftOut)} are left out: limits, upstreams or the connection decided them.`}
      </p>
      {changes.length > 0 && (
        <ul class="plain">
          {changes.map(({ kind, why, count: times, examples }) => (
            <li key={`${kind} ${why}`}>
              {kind} {count(times)} × <Text text={why} max={80} />{' '}
              {examples.map(({ id, request }) => (
                <a key={id} class="mono example" href={linkTo(`journeys/${encoded(id)}`)}>
                  <Text text={request} max={60} />
                </a>
              ))}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** One request alone, as a sentence. */
export function replayedOne({ same, refused, letThrough, unknown, changes }: Replayed): string {
  if (same === 1) return 'The configuration as it stands decides it as before.';
  const why = changes[0]?.why ?? '';
  if (refused === 1) return `The configuration as it stands would refuse it: ${why}.`;
  if (letThrough === 1) return `The configuration as it stands would let it through; it was refused for ${why}.`;
  if (unknown === 1)
    return 'What was found stood in a body or a secret, which are not kept: it cannot be decided again.';
  return 'Limits, an upstream or the connection decided about it, and that cannot be decided again.';
}
