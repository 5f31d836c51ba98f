// Operators that compare texts: beginsWith, contains, containsWord, endsWith, streq, strmatch, within.

import type { Comparison } from './operator.ts';

function comparison(
  says: string,
  judge: (value: string, argument: string) => boolean,
  examples: Comparison['examples'],
): Comparison {
  return { kind: 'comparison', says, judge, examples };
}

export const beginsWith: Comparison = comparison(
  'The value begins with the text.',
  (value, argument) => value.startsWith(argument),
  [
    ['ab', 'abc', true],
    ['ab', 'Abc', false],
    ['', '', true],
    ['abc', 'ab', false],
  ],
);
export const contains: Comparison = comparison(
  'The value contains the text.',
  (value, argument) => value.includes(argument),
  [
    ['b', 'abc', true],
    ['B', 'abc', false],
    ['', 'abc', true],
    ['\0', 'a\0', true],
  ],
);
export const endsWith: Comparison = comparison(
  'The value ends with the text.',
  (value, argument) => value.endsWith(argument),
  [
    ['bc', 'abc', true],
    ['ab', 'abc', false],
    ['', '', true],
  ],
);
export const streq: Comparison = comparison('The value is the text.', (value, argument) => value === argument, [
  ['a', 'a', true],
  ['a', 'A', false],
  ['', '', true],
  ['a', 'a\0', false],
]);
export const strmatch: Comparison = comparison(
  'The value contains the text; another name of contains.',
  (value, argument) => value.includes(argument),
  [
    ['b', 'abc', true],
    ['x', 'abc', false],
  ],
);
export const within: Comparison = comparison(
  'The value occurs within the text; an empty value always does.',
  (value, argument) => argument.includes(value),
  [
    ['GET POST', 'GET', true],
    ['GET POST', 'GE', true],
    ['GET POST', 'get', false],
    ['GET', '', true],
    ['', 'a', false],
  ],
);
export const containsWord: Comparison = comparison(
  'The value contains the text with no letter, digit or underscore next to it.',
  (value, argument) => {
    if (argument === '') return true;
    for (let at = value.indexOf(argument); at >= 0; at = value.indexOf(argument, at + 1))
      if (!isWordAt(value, at - 1) && !isWordAt(value, at + argument.length)) return true;
    return false;
  },
  [
    ['b', 'a b c', true],
    ['b', 'abc', false],
    ['b', 'ab b', true],
    ['', 'a', true],
    ['b', 'b_', false],
  ],
);

function isWordAt(value: string, index: number): boolean {
  const code = value.charCodeAt(index);
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 95;
}
