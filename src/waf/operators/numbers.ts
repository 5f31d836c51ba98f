// Operators that compare numbers: eq, ge, gt, le, lt. A text is the number that it begins with, or 0.

import type { Comparison } from './operator.ts';

/** The whole number that a text begins with, as C's atoi reads it; 0 where there is none. */
export function numberOf(text: string): number {
  let index = 0;
  while (text.charCodeAt(index) === 32 || (text.charCodeAt(index) >= 9 && text.charCodeAt(index) <= 13)) index++;
  const isNegative = text[index] === '-';
  if (isNegative || text[index] === '+') index++;
  let number = 0;
  for (; index < text.length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
    if (number > Number.MAX_SAFE_INTEGER) number = Number.MAX_SAFE_INTEGER;
  }
  return isNegative ? -number : number;
}

function comparison(
  says: string,
  judge: (value: number, argument: number) => boolean,
  examples: Comparison['examples'],
): Comparison {
  return { kind: 'comparison', says, examples, judge: (value, argument) => judge(numberOf(value), numberOf(argument)) };
}

export const eq: Comparison = comparison('The number equals the argument.', (value, argument) => value === argument, [
  ['0', '0', true],
  ['0', '', true],
  ['1', '1x', true],
  ['1', 'x1', false],
  ['-1', '-1', true],
]);
export const ge: Comparison = comparison(
  'The number is the argument or more.',
  (value, argument) => value >= argument,
  [
    ['5', '5', true],
    ['5', '4', false],
    ['5', '10', true],
  ],
);
export const gt: Comparison = comparison(
  'The number is more than the argument.',
  (value, argument) => value > argument,
  [
    ['5', '5', false],
    ['5', '6', true],
    ['', '1', true],
  ],
);
export const le: Comparison = comparison(
  'The number is the argument or less.',
  (value, argument) => value <= argument,
  [
    ['5', '5', true],
    ['5', '6', false],
  ],
);
export const lt: Comparison = comparison(
  'The number is less than the argument.',
  (value, argument) => value < argument,
  [
    ['5', '5', false],
    ['5', '-6', true],
    ['1', '', true],
  ],
);
