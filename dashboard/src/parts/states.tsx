// What stands where there is nothing to show, or where something went wrong; and words for verdicts.

import type { ComponentChildren } from 'preact';
import type { Asked } from '../ask.ts';
import { Lines, safe } from './text.tsx';

/** Why there is nothing, and what to do. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Something went wrong: the sentence, and another attempt. */
export function Failed({ says, again }: { readonly says: string; readonly again?: () => void }) {
  return (
    <div class="failed" role="alert">
      <p>
        <Lines text={says} />
      </p>
      {again !== undefined && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** While something is on its way. */
export function Waiting({ what }: { readonly what: string }) {
  return (
    <p class="waiting" role="status">
      Asking for {what}…
    </p>
  );
}

/** What stands before the answer of a question: that it is on its way, or what went wrong, also where there is an older answer. */
export function Pending({
  asked: { value, trouble, again },
  what,
}: {
  readonly asked: Omit<Asked<unknown>, 'isBusy'>;
  readonly what: string;
}) {
  if (trouble !== null) return <Failed says={trouble} again={again} />;
  return value === null ? <Waiting what={what} /> : null;
}

/** A verdict as a word with its colour. */
export function Verdict({ word }: { readonly word: string }) {
  const kinds = ['pass', 'allow', 'block', 'deny', 'detect', 'fail', 'close', 'refuse', 'off'];
  const kind = kinds.find((known) => word.toLowerCase().startsWith(known)) ?? 'off';
  return <span class={`verdict verdict-${kind}`}>{safe(word, 20)}</span>;
}

/** A panel with a heading. */
export function Panel(props: {
  readonly title: string;
  readonly id?: string;
  readonly side?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly class?: string;
}) {
  const id = props.id ?? props.title.toLowerCase().replaceAll(/[^a-z]+/g, '-');
  return (
    <section class={`panel ${props.class ?? ''}`} aria-labelledby={`h-${id}`}>
      <header class="panel-head">
        <h2 id={`h-${id}`}>{props.title}</h2>
        {props.side !== undefined && <div class="panel-side">{props.side}</div>}
      </header>
      {props.children}
    </section>
  );
}
