// Texts with `%{VARIABLE}` and `%{COLLECTION.member}` in them, resolved once.

import type { Fault, Macro } from '../actions/action.ts';
import type { Facts } from '../variables/variable.ts';
import type { Language } from './words.ts';

type Read = (facts: Facts) => string;

/** The macro, or which of its names is unknown. */
export function compileMacro(text: string, { variables }: Pick<Language, 'variables'>): Macro | Fault {
  const parts: (string | Read)[] = [];
  const readsTx: string[] = [];
  let readsMore = false;
  let from = 0;
  for (let open = text.indexOf('%{'); open >= 0; open = text.indexOf('%{', from)) {
    const close = text.indexOf('}', open);
    if (close < 0) break;
    if (open > from) parts.push(text.slice(from, open));
    const inner = text.slice(open + 2, close).trim();
    const dot = inner.indexOf('.');
    const colon = inner.indexOf(':');
    const cut = dot < 0 || (colon >= 0 && colon < dot) ? colon : dot;
    const name = cut < 0 ? inner : inner.slice(0, cut);
    const member = cut < 0 ? '' : inner.slice(cut + 1).toLowerCase();
    const variable = variables.find(name);
    if (variable === null)
      return {
        says: `%{${inner}} names no variable`,
        instead: variables.suggestion(name) || 'name a variable, such as %{MATCHED_VAR}',
      };
    if (variable.shape === 'one') parts.push((facts) => variable.read(facts) ?? '');
    else if (member === '')
      return { says: `%{${inner}} names a collection and no member of it`, instead: `write %{${inner}.name}` };
    else if (variable.one !== undefined) {
      const one = variable.one;
      parts.push((facts) => one(facts, member) ?? '');
    } else parts.push((facts) => variable.read(facts).get(member) ?? '');
    if (name.toLowerCase() === 'tx') readsTx.push(member);
    else readsMore = true;
    from = close + 1;
  }
  if (from < text.length) parts.push(text.slice(from));
  if (readsTx.length === 0 && !readsMore)
    return { literal: text, prefix: text, readsTx, readsMore, expand: () => text };
  const only = parts.length === 1 && typeof parts[0] === 'function' ? parts[0] : null;
  const prefix = typeof parts[0] === 'string' ? parts[0] : '';
  return { literal: null, prefix, readsTx, readsMore, expand: only ?? ((facts) => expand(parts, facts)) };
}

/** Longest text that a macro may make, in characters. */
const maxExpanded = 65_536;

function expand(parts: readonly (string | Read)[], facts: Facts): string {
  let text = '';
  for (const part of parts) {
    text += typeof part === 'string' ? part : part(facts);
    if (text.length > maxExpanded) return text.slice(0, maxExpanded);
  }
  return text;
}
