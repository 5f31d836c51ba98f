// When ports towards an upstream are used up, in words.

import { duration } from '../format.ts';
import type { Upstream } from '../shapes.ts';

/** Because a few connections more than a minute ago are no trend that lasts for days, in seconds. */
const farSeconds = 86_400;

/** `full in 3 min 20 s`, or that there is no end in sight. */
export function forecastText({ forecast }: Upstream['ephemeral']): string {
  const left = forecast?.secondsLeft ?? null;
  return left === null || left > farSeconds ? 'no end in sight' : `full in ${duration(left * 1000)}`;
}
