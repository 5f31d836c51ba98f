// One rule of one's own: `block 404 if path is under /admin and not client in office`.

import { nearest, type Path, type Problem } from '../base/problem.ts';
import type { RuleReference } from '../traffic/verdict.ts';
import { type Condition, type ConditionTools, readCondition } from './condition.ts';
import { type Token, type TokenFault, tokensOf } from './tokens.ts';

/** What a rule does with the requests that it means. */
export type Action =
  | { readonly does: 'block'; readonly status: number }
  | { readonly does: 'close' | 'allow' | 'detect' | 'skip rates' | 'skip waf' | 'challenge' | 'tarpit' }
  | { readonly does: 'score'; readonly score: number }
  | { readonly does: 'ban'; readonly lengthMs: number };

/** A rule understood. */
export interface Rule {
  readonly action: Action;
  readonly condition: Condition;
  readonly reference: RuleReference;
}

/** Longest rule, in characters. */
const maxLength = 4096;

const actionWords = ['block', 'challenge', 'close', 'allow', 'detect', 'score', 'skip', 'ban', 'tarpit'];
const shape = 'block if path starts with /admin and not client in 10.0.0.0/8';

/** Where a rule stands, and as what it is known. */
export interface RulePlace {
  readonly path: Path;
  readonly id: string;
  readonly description: string;
  /** `file:line`, or ''. */
  readonly at: string;
}

/** The rule in `text`, or null after telling its fault. */
export function parseRule(text: string, place: RulePlace, tools: ConditionTools, problems: Problem[]): Rule | null {
  const complain = (fault: TokenFault): null => {
    problems.push({ path: place.path, code: 'rules/bad-rule', ...fault });
    return null;
  };
  if (text.length > maxLength)
    return complain({
      offset: 0,
      length: 1,
      says: `a rule of more than ${maxLength} characters`,
      instead: 'lists with names, or several rules',
    });
  const tokens = tokensOf(text);
  if ('says' in tokens) return complain(tokens);
  const head = readAction(tokens);
  if ('fault' in head) return complain(head.fault);
  const read = readCondition(tokens, head.next, tools);
  if ('fault' in read) return complain(read.fault);
  const { id, description, at } = place;
  return { action: head.action, condition: read.condition, reference: { id, description: description || text, at } };
}

/** A condition alone, as limits have it behind `when`. */
export function parseCondition(text: string, path: Path, tools: ConditionTools, problems: Problem[]): Condition | null {
  const tokens = tokensOf(text);
  const read = 'says' in tokens ? { fault: tokens } : readCondition(tokens, 0, tools);
  if ('condition' in read) return read.condition;
  problems.push({ path, code: 'rules/bad-condition', ...read.fault });
  return null;
}

type Head = { readonly action: Action; readonly next: number } | { readonly fault: TokenFault };

function readAction(tokens: readonly Token[]): Head {
  const word = tokens[0]!;
  const second = tokens[1] ?? word;
  switch (word.text) {
    case 'close':
    case 'allow':
    case 'detect':
    case 'challenge':
    case 'tarpit':
      return behindIf(tokens, 1, { does: word.text });
    case 'block':
      return second.text === 'if' ? behindIf(tokens, 1, { does: 'block', status: 403 }) : blockWith(tokens, second);
    case 'score':
      return scoreOf(tokens, second);
    case 'ban':
      return banOf(tokens, second);
    case 'skip':
      if (second.text === 'rates' || second.text === 'waf') return behindIf(tokens, 2, { does: `skip ${second.text}` });
      return {
        fault: {
          ...placeOf(second),
          says: `"${second.text}" cannot be skipped`,
          instead: 'skip rates if …, or skip waf if …',
        },
      };
  }
  const near = nearest(word.text, actionWords);
  const says = word.kind === 'end' ? 'the rule is empty' : `"${word.text}" is nothing that a rule does`;
  const instead = near === null ? `begin with ${actionWords.join(', ')}: ${shape}` : `did you mean ${near}?`;
  return { fault: { ...placeOf(word), says, instead } };
}

function blockWith(tokens: readonly Token[], token: Token): Head {
  const status = Number(token.text);
  if (Number.isInteger(status) && status >= 400 && status <= 599) return behindIf(tokens, 2, { does: 'block', status });
  const says = token.kind === 'end' ? 'the rule does not say when' : `"${token.text}" is not the status of a refusal`;
  return { fault: { ...placeOf(token), says, instead: `block if …, or block 404 if … (400 to 599): ${shape}` } };
}

function scoreOf(tokens: readonly Token[], token: Token): Head {
  const score = Number(token.text);
  if (token.kind === 'word' && Number.isInteger(score) && score >= 1 && score <= 1000)
    return behindIf(tokens, 2, { does: 'score', score });
  return {
    fault: {
      ...placeOf(token),
      says: 'a score is a whole number from 1 to 1000',
      instead: 'score 3 if header user-agent contains curl',
    },
  };
}

function banOf(tokens: readonly Token[], token: Token): Head {
  const lengthMs = durationMs(token.text);
  if (token.kind === 'word' && lengthMs >= 1000 && lengthMs <= longestBanMs)
    return behindIf(tokens, 2, { does: 'ban', lengthMs });
  const says = 'a ban has a length, from 1s to 366d';
  return { fault: { ...placeOf(token), says, instead: 'ban 1h if path is /wp-login.php' } };
}

const longestBanMs = 366 * 86_400_000;
const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `90s`, `10m`, `12h`, `7d` in ms; NaN for anything else. */
function durationMs(text: string): number {
  const unit = unitsMs[text.at(-1) ?? ''];
  const count = Number(text.slice(0, -1));
  return unit === undefined || text.length < 2 || !Number.isInteger(count) ? Number.NaN : count * unit;
}

function behindIf(tokens: readonly Token[], at: number, action: Action): Head {
  const token = tokens[at]!;
  if (token.text === 'if' && token.kind === 'word') return { action, next: at + 1 };
  const says = token.kind === 'end' ? 'the rule does not say when' : `"${token.text}" is not expected here`;
  return { fault: { ...placeOf(token), says, instead: `if, and then a condition: ${shape}` } };
}

function placeOf({ offset, length }: Token): { offset: number; length: number } {
  return { offset, length };
}
