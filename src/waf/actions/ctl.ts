// The action ctl: what changes for the rest of one transaction.

import {
  type Action,
  type ActionTools,
  type Draft,
  type Effect,
  type EngineMode,
  type Fault,
  isFault,
  type RuleChoice,
} from './action.ts';

type Control = (value: string, tools: ActionTools) => Effect | Fault;

const modes: Readonly<Record<string, EngineMode>> = { on: 'on', off: 'off', detectiononly: 'detect' };

function fault(value: string, instead: string): Fault {
  return { says: `"${value}" is not a value that this takes`, instead };
}

function isOn(value: string): boolean | null {
  const word = value.toLowerCase();
  return word === 'on' ? true : word === 'off' ? false : null;
}

function access(side: 'request' | 'answer'): Control {
  return (value) => {
    const on = isOn(value);
    return on === null ? fault(value, 'write On or Off') : { run: (state) => state.setAccess(side, on) };
  };
}

function limit(side: 'request' | 'answer'): Control {
  return (value) => {
    const bytes = Number(value);
    return Number.isInteger(bytes) && bytes >= 0
      ? { run: (state) => state.setLimit(side, bytes) }
      : fault(value, 'write a number of bytes');
  };
}

/** `942100`, `942000-942999`, or several of them, with commas or spaces between. */
export function idsOf(text: string): RuleChoice | Fault {
  const spans: [number, number][] = [];
  for (const part of text.replaceAll(',', ' ').split(' ')) {
    if (part === '') continue;
    const [first = '', last = first] = part.split('-');
    const from = Number(first);
    const to = Number(last);
    if (first === '' || !Number.isInteger(from) || !Number.isInteger(to) || from > to)
      return { says: `"${part}" is no rule id and no range of them`, instead: 'write 942100 or 942000-942999' };
    spans.push([from, to]);
  }
  if (spans.length === 0) return { says: 'no rule id is named', instead: 'write 942100 or 942000-942999' };
  return { by: 'id', chooses: ({ id }) => spans.some(([from, to]) => id >= from && id <= to) };
}

/** Rules one of whose tags, or whose message, the pattern finds. */
export function patternOf(by: 'tag' | 'msg', text: string, tools: Pick<ActionTools, 'pattern'>): RuleChoice | Fault {
  const pattern = tools.pattern(text);
  if (isFault(pattern)) return pattern;
  // Because a rule's tags never change, and a choice is asked about the same rules with every request.
  const decided = new Map<number, boolean>();
  return {
    by,
    chooses(rule) {
      const known = decided.get(rule.id);
      if (known !== undefined) return known;
      const isChosen = by === 'tag' ? rule.tags.some((tag) => pattern.test(tag)) : pattern.test(rule.message);
      decided.set(rule.id, isChosen);
      return isChosen;
    },
  };
}

function removal(choose: (value: string, tools: ActionTools) => RuleChoice | Fault): Control {
  return (value, tools) => {
    const choice = choose(value, tools);
    return isFault(choice) ? choice : { run: (state) => state.removeRules(choice), removes: choice };
  };
}

function targetRemoval(choose: (value: string, tools: ActionTools) => RuleChoice | Fault): Control {
  return (value, tools) => {
    const semicolon = value.indexOf(';');
    if (semicolon < 0)
      return {
        says: `"${value}" names no target`,
        instead: 'write the rules, a semicolon and a target: 942100;ARGS:q',
      };
    const choice = choose(value.slice(0, semicolon), tools);
    if (isFault(choice)) return choice;
    const target = tools.target(value.slice(semicolon + 1).trim());
    return isFault(target) ? target : { run: (state) => state.removeTarget(choice, target) };
  };
}

const byTag = (value: string, tools: ActionTools) => patternOf('tag', value, tools);
const byMsg = (value: string, tools: ActionTools) => patternOf('msg', value, tools);
const processors: ReadonlySet<string> = new Set(['URLENCODED', 'MULTIPART', 'JSON', 'XML']);

const controls: Readonly<Record<string, Control>> = {
  ruleengine: (value) => {
    const mode = modes[value.toLowerCase()];
    return mode === undefined
      ? fault(value, 'write On, Off or DetectionOnly')
      : { run: (state) => state.setEngine(mode) };
  },
  auditengine: (value) => {
    const word = value.toLowerCase();
    const mode = word === 'relevantonly' ? 'relevant' : modes[word];
    return mode === undefined
      ? fault(value, 'write On, Off or RelevantOnly')
      : { run: (state) => state.setAudit(mode) };
  },
  auditlogparts: (value) => ({ run: (state) => state.setAuditParts(value) }),
  requestbodyprocessor: (value) => {
    const name = value.toUpperCase();
    return processors.has(name)
      ? { run: (state) => state.setBodyProcessor(name) }
      : fault(value, 'write URLENCODED, MULTIPART, JSON or XML');
  },
  forcerequestbodyvariable: (value) => {
    const on = isOn(value);
    return on === null ? fault(value, 'write On or Off') : { run: (state) => state.forceBodyVariable(on) };
  },
  requestbodyaccess: access('request'),
  responsebodyaccess: access('answer'),
  requestbodylimit: limit('request'),
  responsebodylimit: limit('answer'),
  ruleremovebyid: removal((value) => idsOf(value)),
  ruleremovebytag: removal(byTag),
  ruleremovebymsg: removal(byMsg),
  ruleremovetargetbyid: targetRemoval((value) => idsOf(value)),
  ruleremovetargetbytag: targetRemoval(byTag),
  ruleremovetargetbymsg: targetRemoval(byMsg),
  debugloglevel: () => ({ run: () => {} }),
  hashengine: () => ({
    says: 'ctl:hashEngine needs content injection, which this gate never does',
    instead: 'sign links in the application',
  }),
  hashenforcement: () => ({
    says: 'ctl:hashEnforcement needs content injection, which this gate never does',
    instead: 'sign links in the application',
  }),
};

const spelled =
  'auditEngine, auditLogParts, debugLogLevel, forceRequestBodyVariable, requestBodyAccess, requestBodyLimit, requestBodyProcessor, responseBodyAccess, responseBodyLimit, ruleEngine, ruleRemoveById, ruleRemoveByMsg, ruleRemoveByTag, ruleRemoveTargetById, ruleRemoveTargetByMsg, ruleRemoveTargetByTag';

export const ctl: Action = {
  says: `Changes something for the rest of the transaction: ${spelled}.`,
  value: 'needed',
  examples: [
    'ctl:ruleEngine=DetectionOnly',
    'ctl:ruleRemoveById=942000-942999',
    "ctl:ruleRemoveTargetById='942100;ARGS:q'",
    'ctl:requestBodyProcessor=JSON',
    'ctl:forceRequestBodyVariable=On',
    'ctl:ruleRemoveByTag=attack-sqli',
  ],
  apply(draft: Draft, value, tools) {
    const equals = value.indexOf('=');
    const name = value
      .slice(0, equals < 0 ? value.length : equals)
      .trim()
      .toLowerCase();
    if (!Object.hasOwn(controls, name)) return { says: `ctl knows no "${name}"`, instead: `write one of ${spelled}` };
    if (equals < 0) return { says: `ctl:${value} has no value`, instead: 'write = and a value' };
    const effect = controls[name]!(value.slice(equals + 1).trim(), tools);
    if (isFault(effect)) return effect;
    draft.effects.push({ ...effect, isFixed: true });
    return null;
  },
};
