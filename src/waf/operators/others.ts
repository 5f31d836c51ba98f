// Operators without an argument, the detectors, and those that stop the load: detectSQLi, detectXSS, noMatch, unconditionalMatch, …

import * as M from '../marks.ts';
import type { BuiltOperator, Refused } from './operator.ts';

/** Without one of them a value is one word, a number or a path of words: no SQL. */
const sqlSigns =
  M.WHITE |
  M.CONTROL |
  M.NUL |
  M.HIGH |
  M.QUOTE |
  M.BACKTICK |
  M.COMMA |
  M.PLUS |
  M.PAREN |
  M.STAR |
  M.SIGN |
  M.PIPE |
  M.AMPERSAND |
  M.BRACKET;
/** Without one of them a value is neither markup nor script. */
const htmlSigns =
  M.ANGLE | M.QUOTE | M.EQUALS | M.BRACE | M.PERCENT | M.COLON | M.DOT | M.BRACKET | M.PAREN | M.BACKTICK;

export const unconditionalMatch: BuiltOperator = {
  kind: 'built',
  says: 'Matches whatever the value is.',
  build: () => ({ test: () => true }),
  examples: [['', '', true]],
};
export const noMatch: BuiltOperator = {
  kind: 'built',
  says: 'Matches nothing.',
  build: () => ({ test: () => false }),
  examples: [['', 'a', false]],
};
export const detectSQLi: BuiltOperator = {
  kind: 'built',
  says: 'The value would change the meaning of an SQL statement; what it looks like is captured.',
  build: (_argument, tools) => ({
    signs: sqlSigns,
    test: (value) => tools.detectSqli(value) !== null,
    capture: (value) => [tools.detectSqli(value)],
  }),
  examples: [
    ['', "1' OR '1'='1", true],
    ['', 'a plain text', false],
  ],
};
export const detectXSS: BuiltOperator = {
  kind: 'built',
  says: 'The value would run a script in a page that shows it.',
  build: (_argument, tools) => ({
    signs: htmlSigns,
    test: (value) => tools.detectXss(value),
    capture: (value) => [value],
  }),
  examples: [
    ['', '<script>alert(1)</script>', true],
    ['', 'a plain text', false],
  ],
};

function refused(says: string, instead: string): Refused {
  return { kind: 'refused', says, instead, examples: [] };
}

export const inspectFile: Refused = refused(
  'runs a program for each request',
  'use rules about FILES and FILES_TMP_CONTENT',
);
export const fuzzyHash: Refused = refused('needs the ssdeep library', 'use @pmFromFile or @rx on FILES_TMP_CONTENT');
export const gsbLookup: Refused = refused('needs a service that no longer exists', 'leave the rule out');
export const rsub: Refused = refused('changes bodies, which this gate never does', 'change them in the application');
export const validateDTD: Refused = refused(
  'reads document type definitions, which can read files',
  'use rules about XML:/*',
);
export const validateSchema: Refused = refused('reads XML schemas', 'validate in the application');
export const validateHash: Refused = refused(
  'needs content injection, which this gate never does',
  'sign links in the application',
);
