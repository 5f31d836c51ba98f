// What rules leave behind for each other: TX and the collections that last, what matched, the rule itself, the environment.

import { Pairs } from './pairs.ts';
import type { Facts, Many, Single } from './variable.ts';

function written(says: string, collection: string): Many {
  return {
    shape: 'many',
    says,
    since: 1,
    isStable: false,
    writes: collection,
    examples: [[{ members: () => new Pairs(['a'], ['1']) }, [['a', '1']]]],
    read: (facts) => facts.members(collection),
    one: (facts, name) => facts.member(collection, name),
  };
}

export const TX: Many = written('Values of this transaction alone; captures are TX:0 to TX:9.', 'tx');
export const IP: Many = written('Values that last, of the client that initcol:ip named.', 'ip');
export const SESSION: Many = written('Values that last, of the session that setsid named.', 'session');
export const USER: Many = written('Values that last, of the user that setuid named.', 'user');
export const GLOBAL: Many = written('Values that last, of the whole site.', 'global');
export const RESOURCE: Many = written('Values that last, of the resource that setrsc named.', 'resource');

function single(says: string, read: (facts: Facts) => string | null, examples: Single['examples']): Single {
  return { shape: 'one', says, since: 1, isStable: false, read, examples };
}

export const MATCHED_VAR: Single = single('The value that matched last.', (facts) => facts.matchedVar, [
  [{ matchedVar: 'x' }, 'x'],
]);
export const MATCHED_VAR_NAME: Single = single(
  'The name of what matched last, such as ARGS:q.',
  (facts) => facts.matchedVarName,
  [[{ matchedVarName: 'ARGS:q' }, 'ARGS:q']],
);
export const MATCHED_VARS: Many = {
  shape: 'many',
  says: 'Everything that the last rule matched.',
  since: 1,
  isStable: false,
  examples: [[{ matchedVars: new Pairs(['ARGS:q'], ['1']) }, [['ARGS:q', '1']]]],
  read: (facts) => facts.matchedVars,
};
export const MATCHED_VARS_NAMES: Many = {
  ...MATCHED_VARS,
  says: 'The names of everything that the last rule matched.',
  examples: [[{ matchedVars: new Pairs(['ARGS:q'], ['1']) }, [['ARGS:q', 'ARGS:q']]]],
  read: (facts) => facts.matchedVars.asNames(),
};
export const HIGHEST_SEVERITY: Single = single(
  'The number of the worst severity so far; 255 where nothing matched.',
  (facts) => String(facts.highestSeverity),
  [[{ highestSeverity: 2 }, '2']],
);
export const RULE: Many = {
  shape: 'many',
  says: 'The rule that is asked: id, msg, severity, rev, logdata.',
  since: 1,
  isStable: false,
  examples: [[{ rule: new Pairs(['id'], ['1']) }, [['id', '1']]]],
  read: (facts) => facts.rule,
};
export const ENV: Many = {
  shape: 'many',
  says: 'What setenv set; the environment of the gate is no business of rules.',
  since: 1,
  isStable: false,
  examples: [[{ environment: new Pairs(['a'], ['1']) }, [['a', '1']]]],
  read: (facts) => facts.environment,
};
