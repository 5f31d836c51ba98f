// Two texts as one: what of the lines goes and what comes, with a little of what stays around.

import { useMemo } from 'preact/hooks';
import { Scroll } from '../parts/scroll.tsx';
import { Text } from '../parts/text.tsx';
import { differenceOf } from './text-difference.ts';

/** Unchanged lines around a change that are shown. */
const context = 2;

/** The lines. */
export function Difference({ before, after }: { readonly before: string; readonly after: string }) {
  const lines = useMemo(() => differenceOf(before, after), [before, after]);
  const near = lines.map((_, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(({ kind }) => kind !== 'same'),
  );
  if (!near.includes(true)) return <p class="quiet">Both are the same.</p>;
  const signs = { same: ' ', gone: '−', new: '+' } as const;
  return (
    <Scroll name="Difference of the texts" class="wire mono">
      {lines.map((line, at) =>
        near[at] ? (
          <p key={at} class={`diff diff-${line.kind}`}>
            <span class="diff-number">{line.young || line.old}</span>
            <span>
              {signs[line.kind]} <Text text={line.text} max={400} none="" />
            </span>
          </p>
        ) : at > 0 && near[at - 1] ? (
          <p key={at} class="quiet">
            …
          </p>
        ) : null,
      )}
    </Scroll>
  );
}
