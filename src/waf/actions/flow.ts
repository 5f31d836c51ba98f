// Actions that decide what happens next: pass, block, deny, drop, allow, redirect, status, skip, skipAfter, and those that stop the load.

import { type Action, type Disruption, isFault } from './action.ts';

function disruption(says: string, kind: 'pass' | 'block' | 'deny' | 'drop'): Action {
  const value: Disruption = { kind };
  return {
    says,
    value: 'none',
    examples: [kind],
    apply(draft) {
      draft.disruption = value;
      return null;
    },
  };
}

export const pass: Action = disruption('The exchange goes on.', 'pass');
export const block: Action = disruption('Does what SecDefaultAction says for the phase.', 'block');
export const deny: Action = disruption('Answers with the status of the rule, 403 where it has none.', 'deny');
export const drop: Action = disruption('Closes the connection without an answer.', 'drop');

export const allow: Action = {
  says: 'Lets the exchange go: no further rule runs. allow:phase leaves the phase, allow:request what judges requests.',
  value: 'optional',
  examples: ['allow', 'allow:phase', 'allow:request'],
  apply(draft, value) {
    if (value !== '' && value !== 'phase' && value !== 'request')
      return { says: `allow:${value} is not known`, instead: 'write allow, allow:phase or allow:request' };
    draft.disruption = { kind: 'allow', scope: value === '' ? 'all' : value };
    return null;
  },
};

export const redirect: Action = {
  says: 'Sends the client elsewhere, with the status of the rule or 302; may hold macros.',
  value: 'needed',
  examples: ['redirect:https://example.com/blocked'],
  apply(draft, value, tools) {
    const location = tools.macro(value);
    if (isFault(location)) return location;
    draft.disruption = { kind: 'redirect', location };
    return null;
  },
};

export const status: Action = {
  says: 'The status that deny and redirect answer with.',
  value: 'needed',
  examples: ['status:403'],
  apply(draft, value) {
    const number = Number(value);
    if (!Number.isInteger(number) || number < 200 || number > 599)
      return { says: `"${value}" is no status`, instead: 'write one from 200 to 599' };
    draft.status = number;
    return null;
  },
};

export const skip: Action = {
  says: 'Skips that many of the following rules; a chain counts as one.',
  value: 'needed',
  examples: ['skip:2'],
  apply(draft, value) {
    const number = Number(value);
    if (!Number.isInteger(number) || number < 1)
      return { says: `"${value}" is no number of rules`, instead: 'write a whole number from 1' };
    draft.skip = number;
    return null;
  },
};

export const skipAfter: Action = {
  says: 'Goes on behind the SecMarker, or the rule, of that name.',
  value: 'needed',
  examples: ['skipAfter:END-CHECK'],
  apply(draft, value) {
    draft.skipAfter = value;
    return null;
  },
};

function refused(says: string, instead: string): Action {
  return { says: `Stops the load: ${says}.`, value: 'optional', examples: [], apply: () => ({ says, instead }) };
}

export const exec: Action = refused(
  'the gate runs no programs for rules',
  'read the journal or the audit log with a program of your own',
);
export const pause: Action = refused('the gate makes nobody wait', 'use rates, or ban in the settings of rates');
export const proxy: Action = refused(
  'a rule sends no exchange to another server',
  'write a site for it in portcullis.yaml',
);
export const append: Action = refused('the gate changes no bodies', 'change the answer in the application');
export const prepend: Action = refused('the gate changes no bodies', 'change the answer in the application');
