// Operators without an argument, the detectors, and those that stop the load: detectSQLi, detectXSS, noMatch, unconditionalMatch, …

import type { BuiltOperator, Refused } from './operator.ts';

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
  build: (_argument, tools) => ({ test: (value) => tools.detectXss(value), capture: (value) => [value] }),
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
