// The words of a rule, each with its place, so that a fault can be shown under carets.

/** One word, text, pattern or sign. `offset` and `length` are in characters of the rule. */
export interface Token {
  readonly kind: 'word' | 'text' | 'pattern' | 'sign' | 'end';
  /** Without its quotes or slashes; signs are one of `( ) ,`. */
  readonly text: string;
  /** What stands behind the closing slash of a pattern. */
  readonly flags: string;
  readonly offset: number;
  readonly length: number;
}

/** A rule that cannot be cut into words: where, and why. */
export interface TokenFault {
  readonly offset: number;
  readonly length: number;
  readonly says: string;
  readonly instead: string;
}

/** Cuts a rule into its words; the last one is always the end. A pattern is read where `matches` stands before a slash. */
export function tokensOf(rule: string): readonly Token[] | TokenFault {
  const tokens: Token[] = [];
  let at = 0;
  while (at < rule.length) {
    const character = rule[at]!;
    if (character === ' ' || character === '\t' || character === '\n') at++;
    else {
      const token = tokenAt(rule, at, tokens.at(-1)?.text === 'matches');
      if ('says' in token) return token;
      tokens.push(token);
      at += token.length;
    }
  }
  tokens.push({ kind: 'end', text: '', flags: '', offset: rule.length, length: 1 });
  return tokens;
}

function tokenAt(rule: string, from: number, isBehindMatches: boolean): Token | TokenFault {
  const first = rule[from]!;
  if (first === '(' || first === ')' || first === ',')
    return { kind: 'sign', text: first, flags: '', offset: from, length: 1 };
  if (first === '"' || first === "'") return closed(rule, from, first, 'text');
  if (first === '/' && isBehindMatches) return closed(rule, from, '/', 'pattern');
  let end = from;
  while (end < rule.length && !' \t\n(),"\''.includes(rule[end]!)) end++;
  return { kind: 'word', text: rule.slice(from, end), flags: '', offset: from, length: end - from };
}

/** What stands between two of the same mark. In a text a backslash takes the next character as it is; a pattern keeps its own. */
function closed(rule: string, from: number, mark: string, kind: 'text' | 'pattern'): Token | TokenFault {
  let text = '';
  let at = from + 1;
  for (; at < rule.length && rule[at] !== mark; at++) {
    if (rule[at] === '\\' && at + 1 < rule.length) {
      at++;
      if (kind === 'pattern' && rule[at] !== mark) text += '\\';
    }
    text += rule[at];
  }
  if (at >= rule.length) {
    const says = `this ${kind} does not end`;
    return { offset: from, length: rule.length - from, says, instead: `close it with ${mark}` };
  }
  let end = at + 1;
  if (kind === 'pattern') while (end < rule.length && /* flags are letters */ isLetter(rule.charCodeAt(end))) end++;
  return { kind, text, flags: rule.slice(at + 1, end), offset: from, length: end - from };
}

function isLetter(code: number): boolean {
  return code >= 97 && code <= 122;
}
