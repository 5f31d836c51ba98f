// A place that scrolls by itself, which the keyboard can reach.

import type { ComponentChildren, Ref } from 'preact';

interface Props {
  readonly name: string;
  readonly class?: string;
  readonly place?: Ref<HTMLElement>;
  readonly onScroll?: (top: number) => void;
  readonly children: ComponentChildren;
}

/** The place; its name is told to who cannot see what is in it. */
export function Scroll({ name, class: its = 'scroll', place, onScroll, children }: Props) {
  return (
    <section
      ref={place}
      class={its}
      aria-label={name}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached without a mouse (WCAG 2.1.1).
      tabIndex={0}
      onScroll={(event) => onScroll?.(event.currentTarget.scrollTop)}
    >
      {children}
    </section>
  );
}
