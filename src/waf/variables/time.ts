// Times as variables, in the time zone of the machine.

import type { Single } from './variable.ts';

function time(says: string, read: (date: Date) => number | string): Single {
  return {
    shape: 'one',
    says,
    since: 1,
    isStable: false,
    examples: [],
    read: (facts) => String(read(new Date(facts.now()))),
  };
}

const two = (number: number): string => String(number).padStart(2, '0');

export const TIME: Single = time(
  'The time as hh:mm:ss.',
  (date) => `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`,
);
export const TIME_DAY: Single = time('The day of the month, from 1.', (date) => date.getDate());
export const TIME_EPOCH: Single = time('Seconds since 1970.', (date) => Math.floor(date.getTime() / 1000));
export const TIME_HOUR: Single = time('The hour, from 0.', (date) => date.getHours());
export const TIME_MIN: Single = time('The minute.', (date) => date.getMinutes());
export const TIME_MON: Single = time('The month, from 0.', (date) => date.getMonth());
export const TIME_SEC: Single = time('The second.', (date) => date.getSeconds());
export const TIME_WDAY: Single = time('The day of the week; Sunday is 0.', (date) => date.getDay());
export const TIME_YEAR: Single = time('The year.', (date) => date.getFullYear());
export const DURATION: Single = {
  shape: 'one',
  says: 'Milliseconds since the transaction began.',
  since: 1,
  isStable: false,
  examples: [[{ startedAt: 5, now: () => 12 }, '7']],
  read: (facts) => String(Math.max(0, Math.round(facts.now() - facts.startedAt))),
};
