// Actions that say what a rule is: id, phase, msg, logdata, severity, tag, ver, rev, maturity, accuracy, and what is written about it.

import type { Phase } from '../variables/variable.ts';
import { type Action, type Draft, isFault } from './action.ts';

function plain(says: string, examples: readonly string[], apply: (draft: Draft) => void): Action {
  return {
    says,
    value: 'none',
    examples,
    apply(draft) {
      apply(draft);
      return null;
    },
  };
}

export const id: Action = {
  says: 'The number of the rule, unique among all rules.',
  value: 'needed',
  examples: ['id:942100'],
  apply(draft, value) {
    const number = Number(value);
    if (!Number.isInteger(number) || number < 1 || number > 4_294_967_295 || value.trim() !== String(number))
      return { says: `"${value}" is no rule id`, instead: 'write a whole number from 1' };
    draft.id = number;
    return null;
  },
};

const phases: Readonly<Record<string, Phase>> = {
  '1': 1,
  '2': 2,
  '3': 3,
  '4': 4,
  '5': 5,
  request: 2,
  response: 4,
  logging: 5,
};

export const phase: Action = {
  says: 'When the rule runs: 1 request head, 2 (request) request body, 3 answer head, 4 (response) answer body, 5 (logging) at the end.',
  value: 'needed',
  examples: ['phase:1', 'phase:logging'],
  apply(draft, value) {
    const found = Object.hasOwn(phases, value) ? phases[value]! : 0;
    if (found === 0) return { says: `"${value}" is no phase`, instead: 'write 1 to 5, request, response or logging' };
    draft.phase = found;
    return null;
  },
};

export const msg: Action = {
  says: 'What the rule found, for people; may hold macros.',
  value: 'needed',
  examples: ["msg:'SQL injection in %{MATCHED_VAR_NAME}'"],
  apply(draft, value, tools) {
    const macro = tools.macro(value);
    if (isFault(macro)) return macro;
    draft.message = macro;
    return null;
  },
};

export const logdata: Action = {
  says: 'The data that is written beside the message; may hold macros.',
  value: 'needed',
  examples: ["logdata:'Matched Data: %{TX.0}'"],
  apply(draft, value, tools) {
    const macro = tools.macro(value);
    if (isFault(macro)) return macro;
    draft.logData = macro;
    return null;
  },
};

const severities: readonly string[] = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];

export const severity: Action = {
  says: 'How bad it is: EMERGENCY (0), ALERT, CRITICAL, ERROR, WARNING, NOTICE, INFO, DEBUG (7).',
  value: 'needed',
  examples: ['severity:CRITICAL', "severity:'2'"],
  apply(draft, value) {
    const number =
      value.length === 1 && value >= '0' && value <= '7' ? Number(value) : severities.indexOf(value.toUpperCase());
    if (number < 0)
      return { says: `"${value}" is no severity`, instead: `write one of ${severities.join(', ')}, or 0 to 7` };
    draft.severity = number;
    return null;
  },
};

export const tag: Action = {
  says: 'A word to find the rule by; a rule may have many.',
  value: 'needed',
  examples: ["tag:'attack-sqli'"],
  apply(draft, value) {
    draft.tags.push(value);
    return null;
  },
};

function noted(says: string, example: string, note: (draft: Draft, value: string) => void): Action {
  return {
    says,
    value: 'needed',
    examples: [example],
    apply(draft, value) {
      note(draft, value);
      return null;
    },
  };
}

export const ver: Action = noted('The version of the rule set.', "ver:'OWASP_CRS/4.28.0'", (draft, value) => {
  draft.version = value;
});
export const rev: Action = noted('The revision of the rule.', 'rev:2', (draft, value) => {
  draft.revision = value;
});
export const maturity: Action = noted('How well tried the rule is, 1 to 9; kept for the eye.', 'maturity:9', () => {});
export const accuracy: Action = noted('How exact the rule is, 1 to 9; kept for the eye.', 'accuracy:8', () => {});

export const log: Action = plain('A match is written down.', ['log'], (draft) => {
  draft.isLogged = true;
  draft.isAudited ??= true;
});
export const nolog: Action = plain('A match is not written down, nor audited.', ['nolog'], (draft) => {
  draft.isLogged = false;
  draft.isAudited = false;
});
export const auditlog: Action = plain('A match makes the transaction one for the audit log.', ['auditlog'], (draft) => {
  draft.isAudited = true;
});
export const noauditlog: Action = plain(
  'A match does not make the transaction one for the audit log.',
  ['noauditlog'],
  (draft) => {
    draft.isAudited = false;
  },
);
export const capture: Action = plain('Keeps what the operator found as TX:0 to TX:9.', ['capture'], (draft) => {
  draft.captures = true;
});
export const multiMatch: Action = plain(
  'Asks the operator before the first and after every transformation that changes the value.',
  ['multiMatch'],
  (draft) => {
    draft.multiMatch = true;
  },
);

export const t: Action = {
  says: 'A transformation of the values before the operator is asked; several run in their order, none drops those before it.',
  value: 'needed',
  examples: ['t:none', 't:lowercase'],
  apply(draft, value) {
    if (value.toLowerCase() === 'none') {
      draft.transformations.length = 0;
      draft.dropsDefaults = true;
    } else draft.transformations.push(value);
    return null;
  },
};

export const chain: Action = plain('The rule matches only where the next one does too.', ['chain'], (draft) => {
  draft.isChained = true;
});
