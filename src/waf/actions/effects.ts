// Actions that change something: setvar, expirevar, deprecatevar, initcol, setsid, setuid, setrsc, setenv, sanitise…, xmlns.

import {
  type Action,
  type ActionTools,
  type Effect,
  type Fault,
  isFault,
  type Macro,
  type Setting,
  type State,
} from './action.ts';

const collections: ReadonlySet<string> = new Set(['tx', 'ip', 'session', 'user', 'global', 'resource']);
const known = 'tx, ip, session, user, global, resource';

/** `collection.name` with the name as a macro. */
function readName(text: string, tools: ActionTools): { collection: string; name: Macro } | Fault {
  const dot = text.indexOf('.');
  const collection = text
    .slice(0, dot < 0 ? text.length : dot)
    .trim()
    .toLowerCase();
  if (!collections.has(collection))
    return {
      says: `"${collection}" is no collection that rules write`,
      instead: `write one of ${known}, a dot and a name`,
    };
  if (dot < 0 || dot + 1 === text.length)
    return { says: `"${text}" names no member`, instead: `write ${collection}.name` };
  const name = tools.macro(text.slice(dot + 1).trim());
  return isFault(name) ? name : { collection, name };
}

export const setvar: Action = {
  says: 'Sets a member: tx.a=x, adds or subtracts: tx.a=+1, tx.a=-1, removes: !tx.a; without = it becomes 1. May hold macros.',
  value: 'needed',
  examples: [
    "setvar:'tx.score=+%{tx.critical_anomaly_score}'",
    'setvar:!tx.a',
    'setvar:ip.seen',
    "setvar:'tx.name_%{MATCHED_VAR_NAME}=%{tx.0}'",
  ],
  apply(draft, value, tools) {
    const setting = readSetting(value, tools);
    if (isFault(setting)) return setting;
    draft.effects.push(settingEffect(setting));
    return null;
  },
};

function readSetting(text: string, tools: ActionTools): Setting | Fault {
  const isUnset = text.startsWith('!');
  const equals = text.indexOf('=');
  const named = readName(text.slice(isUnset ? 1 : 0, equals < 0 ? text.length : equals), tools);
  if (isFault(named)) return named;
  const written = equals < 0 ? '1' : text.slice(equals + 1);
  const sign = written[0];
  const isSum = equals >= 0 && (sign === '+' || sign === '-');
  const value = tools.macro(isUnset ? '' : isSum ? written.slice(1) : written);
  if (isFault(value)) return value;
  return { ...named, how: isUnset ? 'unset' : !isSum ? 'put' : sign === '+' ? 'add' : 'subtract', value };
}

function settingEffect(setting: Setting): Effect {
  const { collection, name, how, value } = setting;
  const nameOf =
    name.literal === null ? (state: State) => name.expand(state).toLowerCase() : fixed(name.literal.toLowerCase());
  const textOf = value.literal === null ? (state: State) => value.expand(state) : fixed(value.literal);
  if (how === 'unset') return { setting, run: (state) => state.unset(collection, nameOf(state)) };
  if (how === 'put') return { setting, run: (state) => state.put(collection, nameOf(state), textOf(state)) };
  const sign = how === 'add' ? 1 : -1;
  return { setting, run: (state) => state.increase(collection, nameOf(state), sign * wholeOf(textOf(state))) };
}

function fixed(text: string): () => string {
  return () => text;
}

function wholeOf(text: string): number {
  const number = Number.parseInt(text, 10);
  return Number.isNaN(number) ? 0 : number;
}

export const expirevar: Action = {
  says: 'Removes a member after that many seconds.',
  value: 'needed',
  examples: ['expirevar:ip.blocked=3600'],
  apply(draft, value, tools) {
    const equals = value.indexOf('=');
    const named = readName(equals < 0 ? value : value.slice(0, equals), tools);
    if (isFault(named)) return named;
    const seconds = tools.macro(equals < 0 ? '3600' : value.slice(equals + 1));
    if (isFault(seconds)) return seconds;
    const { collection, name } = named;
    draft.effects.push({
      run: (state) => state.expire(collection, name.expand(state).toLowerCase(), wholeOf(seconds.expand(state))),
    });
    return null;
  },
};

export const deprecatevar: Action = {
  says: 'Lowers a member by that much in that many seconds: ip.score=60/300.',
  value: 'needed',
  examples: ['deprecatevar:ip.score=60/300'],
  apply(draft, value, tools) {
    const equals = value.indexOf('=');
    const named = readName(equals < 0 ? value : value.slice(0, equals), tools);
    if (isFault(named)) return named;
    const [by = '', seconds = ''] = value.slice(equals + 1).split('/');
    if (equals < 0 || wholeOf(by) < 1 || wholeOf(seconds) < 1)
      return { says: `"${value}" does not say by how much, and in how many seconds`, instead: 'write ip.score=60/300' };
    const { collection, name } = named;
    draft.effects.push({
      run: (state) => state.deprecate(collection, name.expand(state).toLowerCase(), wholeOf(by), wholeOf(seconds)),
    });
    return null;
  },
};

export const initcol: Action = {
  says: 'Opens a collection that lasts, under a key: ip=%{REMOTE_ADDR}.',
  value: 'needed',
  examples: ['initcol:ip=%{REMOTE_ADDR}', 'initcol:global=global'],
  apply(draft, value, tools) {
    const equals = value.indexOf('=');
    const collection = value.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (equals < 0 || collection === 'tx' || !collections.has(collection))
      return {
        says: `"${value}" opens no collection`,
        instead: 'write ip, global, resource, session or user, = and a key',
      };
    const key = tools.macro(value.slice(equals + 1));
    if (isFault(key)) return key;
    draft.effects.push({ run: (state) => state.open(collection, key.expand(state)) });
    return null;
  },
};

function opener(says: string, collection: string, example: string): Action {
  return {
    says,
    value: 'needed',
    examples: [example],
    apply(draft, value, tools) {
      const key = tools.macro(value);
      if (isFault(key)) return key;
      draft.effects.push({ run: (state) => state.open(collection, key.expand(state)) });
      return null;
    },
  };
}

export const setsid: Action = opener('Opens SESSION under that key.', 'session', 'setsid:%{REQUEST_COOKIES.sid}');
export const setuid: Action = opener('Opens USER under that key.', 'user', 'setuid:%{REMOTE_USER}');
export const setrsc: Action = opener('Opens RESOURCE under that key.', 'resource', 'setrsc:%{REQUEST_FILENAME}');

export const setenv: Action = {
  says: 'Sets a member of ENV, which later rules can read.',
  value: 'needed',
  examples: ['setenv:suspicious=1', 'setenv:!suspicious'],
  apply(draft, value, tools) {
    const equals = value.indexOf('=');
    const name = value.slice(0, equals < 0 ? value.length : equals).replace('!', '');
    const text = tools.macro(equals < 0 ? (value.startsWith('!') ? '' : '1') : value.slice(equals + 1));
    if (isFault(text)) return text;
    draft.effects.push({ run: (state) => state.setEnvironment(name, text.expand(state)) });
    return null;
  },
};

function unneeded(says: string, example: string): Action {
  return { says, value: 'needed', examples: [example], apply: () => null };
}

const redacts = 'Hides a value in the audit log; the gate hides credentials there by itself.';
export const sanitiseArg: Action = unneeded(redacts, 'sanitiseArg:password');
export const sanitizeArg: Action = unneeded(redacts, 'sanitizeArg:password');
export const sanitiseMatched: Action = { ...unneeded(redacts, 'sanitiseMatched'), value: 'optional' };
export const sanitizeMatched: Action = { ...unneeded(redacts, 'sanitizeMatched'), value: 'optional' };
export const sanitiseMatchedBytes: Action = { ...unneeded(redacts, 'sanitiseMatchedBytes:1/4'), value: 'optional' };
export const sanitizeMatchedBytes: Action = { ...unneeded(redacts, 'sanitizeMatchedBytes:1/4'), value: 'optional' };
export const sanitiseRequestHeader: Action = unneeded(redacts, 'sanitiseRequestHeader:Authorization');
export const sanitizeRequestHeader: Action = unneeded(redacts, 'sanitizeRequestHeader:Authorization');
export const sanitiseResponseHeader: Action = unneeded(redacts, 'sanitiseResponseHeader:Set-Cookie');
export const sanitizeResponseHeader: Action = unneeded(redacts, 'sanitizeResponseHeader:Set-Cookie');
export const xmlns: Action = unneeded(
  'Names a namespace; paths of XML here compare the names as they are written.',
  'xmlns:soap=http://example.com/',
);
