// What the workers of one crew share, and what each of them has to know of the others.

import type { Gateway } from '../gateway.ts';
import type { Shared } from '../traffic/deltas.ts';

/** What is shared, by name. */
export function sharedOf({ generation, tools }: Gateway): readonly (readonly [string, Shared])[] {
  const { lasting } = generation.waf;
  return [
    ...(lasting === null ? [] : [['lasting', lasting] as const]),
    ['clients', tools.connections],
    ['rates', generation.rates],
    ['health', generation.proxy],
  ];
}

/** This is worker number `slot`, from 1, of `crew`. */
export function shareAmong({ generation, tools }: Gateway, slot: number, crew: number): void {
  tools.connections.isShared = crew > 1;
  generation.rates.isShared = crew > 1;
  if (generation.waf.lasting !== null) generation.waf.lasting.isShared = crew > 1;
  generation.proxy.divide(slot, crew);
}
