// From the words of a condition to a question that can be asked of every request: `path starts with /admin and not client in 10.0.0.0/8`.

import { Buffer } from 'node:buffer';
import { normalise } from '../base/address.ts';
import { CidrSet, parseCidr } from '../base/cidr.ts';
import { isUnder } from '../base/path-prefix.ts';
import { nearest } from '../base/problem.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { type Field, type FieldTools, fields } from './fields.ts';
import { example, kindOf, nameExamples, operatorsOf, operatorWords } from './hints.ts';
import type { Token, TokenFault } from './tokens.ts';

/** Whether a request is meant. */
export type Condition = (exchange: Exchange) => boolean;

/** What compiling needs of the outside. */
export interface ConditionTools extends FieldTools {
  /** Lists that a person gave names to. */
  readonly lists: ReadonlyMap<string, readonly string[]>;
  /** The databases that are loaded. */
  readonly databases: ReadonlySet<string>;
  /** Makes a matcher in linear time, or says what is wrong with the pattern. */
  compilePattern(source: string, ignoresCase: boolean): { test(text: string): boolean } | TokenFault;
}

/** What came of reading: the condition, or the first fault, behind which nothing can be read with confidence. */
export type Read = { readonly condition: Condition } | { readonly fault: TokenFault };

/** Deepest nesting of parentheses and `not`. */
const maxDepth = 32;

/** Reads `tokens` from `from` to their end as one condition. */
export function readCondition(tokens: readonly Token[], from: number, tools: ConditionTools): Read {
  const reader = new Reader(tokens, from, tools);
  const condition = reader.any(0);
  if (condition !== null) reader.expectEnd();
  return reader.fault !== null ? { fault: reader.fault } : { condition: condition! };
}

type Values = readonly (string | number)[];
type Test = (values: Values) => boolean;

/** Recursive descent over the words; the first fault stops everything. */
class Reader {
  readonly #tokens: readonly Token[];
  readonly #tools: ConditionTools;
  #at: number;
  fault: TokenFault | null = null;

  constructor(tokens: readonly Token[], from: number, tools: ConditionTools) {
    this.#tokens = tokens;
    this.#at = from;
    this.#tools = tools;
  }

  /** `a or b or c`. */
  any(depth: number): Condition | null {
    const parts = this.#series('or', () => this.#all(depth));
    if (parts === null) return null;
    return parts.length === 1 ? parts[0]! : (exchange) => parts.some((part) => part(exchange));
  }

  /** `a and b and c`. */
  #all(depth: number): Condition | null {
    const parts = this.#series('and', () => this.#one(depth));
    if (parts === null) return null;
    return parts.length === 1 ? parts[0]! : (exchange) => parts.every((part) => part(exchange));
  }

  #series(word: string, read: () => Condition | null): Condition[] | null {
    const parts: Condition[] = [];
    do {
      const part = read();
      if (part === null) return null;
      parts.push(part);
    } while (this.#takes(word));
    return parts;
  }

  #one(depth: number): Condition | null {
    if (depth > maxDepth)
      return this.#refuse(this.#here, `more than ${maxDepth} parts within each other`, 'several rules');
    if (this.#takes('not')) {
      const inner = this.#one(depth + 1);
      return inner === null ? null : (exchange) => !inner(exchange);
    }
    if (!this.#takesSign('(')) return this.#comparison();
    const inner = this.any(depth + 1);
    if (inner === null) return null;
    if (this.#takesSign(')')) return inner;
    return this.#refuse(
      this.#here,
      'the parenthesis is not closed here',
      'write ) where it ends, or and / or before more',
    );
  }

  #comparison(): Condition | null {
    const word = this.#here;
    const field = word.kind === 'word' && Object.hasOwn(fields, word.text) ? fields[word.text]! : null;
    if (field === null) return this.#noField(word);
    this.#at++;
    const { database } = field;
    if (database !== '' && !this.#tools.databases.has(database))
      return this.#refuse(
        word,
        `"${word.text}" needs a database, and none is named`,
        `geography: { ${database}: FILE.mmdb }`,
      );
    const name = field.named ? this.#name(word) : '';
    if (name === null) return null;
    const test = field.type === 'flag' ? this.#flag() : this.#test(field, word);
    if (test === null) return null;
    const tools = this.#tools;
    return (exchange) => test(field.read(exchange, name, tools));
  }

  #noField(word: Token): null {
    if (word.kind === 'end') return this.#refuse(word, 'a condition ends here too early', example);
    const near = nearest(word.text, Object.keys(fields));
    const known = `one of ${Object.keys(fields).join(', ')}`;
    return this.#refuse(
      word,
      `"${word.text}" is nothing that a request has`,
      near === null ? known : `did you mean ${near}?`,
    );
  }

  #name(field: Token): string | null {
    const word = this.#here;
    if (word.kind !== 'word' && word.kind !== 'text')
      return this.#refuse(
        word,
        `${field.text} wants the name of one`,
        `${field.text} NAME, such as ${nameExamples[field.text]}`,
      );
    this.#at++;
    return field.text === 'header' ? word.text.toLowerCase() : bytesOf(word.text);
  }

  /** A flag alone, or `is yes`, `is no`, `is not yes`. */
  #flag(): Test | null {
    const isSet: Test = (values) => values[0] === 1;
    const isNot: Test = (values) => values[0] !== 1;
    if (!this.#takes('is')) return isSet;
    const isNegated = this.#takes('not');
    const word = this.#here;
    if (word.text !== 'yes' && word.text !== 'no')
      return this.#refuse(word, `"${word.text}" is neither yes nor no`, 'yes or no');
    this.#at++;
    return (word.text === 'yes') !== isNegated ? isSet : isNot;
  }

  #test(field: Field, named: Token): Test | null {
    const word = this.#here;
    if (word.kind === 'word') {
      const isNegated = word.text === 'not';
      if (isNegated) this.#at++;
      const operator = this.#here;
      this.#at++;
      const test = this.#operator(operator, field, named);
      if (test === null) return null;
      return isNegated ? (values) => !test(values) : test;
    }
    return this.#refuse(word, `nothing is asked of ${named.text}`, operatorsOf(field));
  }

  #operator(operator: Token, field: Field, named: Token): Test | null {
    switch (operator.text) {
      case 'exists':
        return (values) => values.length > 0;
      case 'is':
        if (this.#takes('missing')) return (values) => values.length === 0;
        if (this.#takes('under'))
          return this.#only('text', field, operator) && this.#text((value, path) => isUnder(value, path), withoutSlash);
        if (this.#takes('not')) {
          const same = this.#same(field, named);
          return same === null ? null : (values) => !same(values);
        }
        return this.#same(field, named);
      case 'in':
        return this.#in(field, named);
      case 'starts':
        if (!this.#takes('with')) return this.#refuse(this.#here, '"starts" is one word of two', 'starts with');
        return this.#only('text', field, operator) && this.#text((value, part) => value.startsWith(part));
      case 'ends':
        if (!this.#takes('with')) return this.#refuse(this.#here, '"ends" is one word of two', 'ends with');
        return this.#only('text', field, operator) && this.#text((value, part) => value.endsWith(part));
      case 'contains':
        return this.#only('text', field, operator) && this.#text((value, part) => value.includes(part));
      case 'matches':
        return this.#only('text', field, operator) && this.#pattern();
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.#only('number', field, operator) && this.#order(operator.text);
    }
    this.#at--;
    const near = nearest(operator.text, operatorWords);
    const says =
      operator.kind === 'end'
        ? `nothing is asked of ${named.text}`
        : `"${operator.text}" is nothing that can be asked of ${named.text}`;
    return this.#refuse(operator, says, near === null ? operatorsOf(field) : `did you mean ${near}?`);
  }

  #only(type: Field['type'], field: Field, operator: Token): true | null {
    if (field.type === type) return true;
    const instead = operatorsOf(field);
    return this.#refuse(operator, `"${operator.text}" is for a ${type}, and this is ${kindOf(field)}`, instead);
  }

  #same(field: Field, named: Token): Test | null {
    const value = this.#value(named);
    if (value === null) return null;
    return this.#oneOf(field, [value]);
  }

  /** `in 10.0.0.0/8`, `in (GET, HEAD)`, `in office` for a list with a name. */
  #in(field: Field, named: Token): Test | null {
    if (!this.#takesSign('(')) {
      const value = this.#value(named);
      if (value === null) return null;
      const list = value.kind === 'word' ? this.#tools.lists.get(value.text) : undefined;
      if (list !== undefined)
        return this.#oneOf(
          field,
          list.map((text) => ({ ...value, text })),
        );
      if (field.type === 'address' && !value.text.includes('.') && !value.text.includes(':'))
        return this.#noList(value);
      return this.#oneOf(field, [value]);
    }
    const values: Token[] = [];
    do {
      const value = this.#value(named);
      if (value === null) return null;
      values.push(value);
    } while (this.#takesSign(','));
    if (!this.#takesSign(')'))
      return this.#refuse(this.#here, 'the list is not closed here', 'write ) where it ends, or a comma before more');
    return this.#oneOf(field, values);
  }

  #noList(word: Token): null {
    const known = [...this.#tools.lists.keys()];
    const near = nearest(word.text, known);
    const instead = near !== null ? `did you mean ${near}?` : `lists: { ${word.text}: [10.0.0.0/8] }, or an address`;
    return this.#refuse(word, `there is no list "${word.text}"`, instead);
  }

  #oneOf(field: Field, values: readonly Token[]): Test | null {
    if (field.type === 'address') return this.#inNetworks(values);
    if (field.type === 'number') return this.#amongNumbers(values);
    const texts = new Set(values.map(({ text }) => bytesOf(text)));
    return (found) => found.some((value) => texts.has(String(value)));
  }

  #inNetworks(values: readonly Token[]): Test | null {
    const cidrs = [];
    for (const value of values) {
      const parsed = parseCidr(value.text);
      if (!parsed.ok)
        return this.#refuse(
          value,
          parsed.fault.says,
          parsed.fault.instead ?? 'an address, or a network such as 10.0.0.0/8',
        );
      cidrs.push(parsed.value);
    }
    const networks = new CidrSet(cidrs);
    return (found) => networks.has(normalise(String(found[0])));
  }

  #amongNumbers(values: readonly Token[]): Test | null {
    const numbers = new Set<number>();
    for (const value of values) {
      const number = this.#number(value);
      if (number === null) return null;
      numbers.add(number);
    }
    return (found) => found.some((value) => numbers.has(Number(value)));
  }

  #order(sign: '<' | '<=' | '>' | '>='): Test | null {
    const token = this.#here;
    this.#at++;
    const bound = this.#number(token);
    if (bound === null) return null;
    const holds = {
      '<': (a: number) => a < bound,
      '<=': (a: number) => a <= bound,
      '>': (a: number) => a > bound,
      '>=': (a: number) => a >= bound,
    }[sign];
    return (found) => found.some((value) => holds(Number(value)));
  }

  #number(token: Token): number | null {
    const number = Number(token.text);
    if (token.kind === 'word' && token.text !== '' && Number.isFinite(number)) return number;
    return this.#refuse(
      token,
      token.kind === 'end' ? 'a number is missing here' : `"${token.text}" is no number`,
      'a number, such as 8443',
    );
  }

  #text(holds: (value: string, part: string) => boolean, settled = (part: string) => part): Test | null {
    const token = this.#here;
    if (token.kind !== 'word' && token.kind !== 'text')
      return this.#refuse(token, 'a text is missing here', 'a word, or a text in "quotes"');
    this.#at++;
    const part = settled(bytesOf(token.text));
    return (found) => found.some((value) => holds(String(value), part));
  }

  #pattern(): Test | null {
    const token = this.#here;
    if (token.kind !== 'pattern' && token.kind !== 'text')
      return this.#refuse(token, 'a pattern is missing here', '/^[a-z]+$/, with an i behind it to ignore case');
    this.#at++;
    if (token.flags !== '' && token.flags !== 'i')
      return this.#refuse(token, `"${token.flags}" is no flag of a pattern`, 'i, or none');
    const matcher = this.#tools.compilePattern(token.text, token.flags === 'i');
    if ('says' in matcher) {
      const { says, instead, offset, length } = matcher;
      return this.#refuse({ ...token, offset: token.offset + 1 + offset, length }, says, instead);
    }
    return (found) => found.some((value) => matcher.test(String(value)));
  }

  #value(named: Token): Token | null {
    const token = this.#here;
    if (token.kind !== 'word' && token.kind !== 'text')
      return this.#refuse(token, `a value for ${named.text} is missing here`, 'a word, or a text in "quotes"');
    this.#at++;
    return token;
  }

  expectEnd(): void {
    const token = this.#here;
    if (token.kind !== 'end')
      this.#refuse(
        token,
        `"${token.text}" is not expected here`,
        'and, or, or nothing more; a text with blanks stands in "quotes"',
      );
  }

  get #here(): Token {
    return this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]!;
  }

  #takes(word: string): boolean {
    if (this.#here.kind !== 'word' || this.#here.text !== word) return false;
    this.#at++;
    return true;
  }

  #takesSign(sign: string): boolean {
    if (this.#here.kind !== 'sign' || this.#here.text !== sign) return false;
    this.#at++;
    return true;
  }

  #refuse({ offset, length }: Pick<Token, 'offset' | 'length'>, says: string, instead: string): null {
    this.fault ??= { offset, length, says, instead };
    return null;
  }
}

/** A text as requests have it: one character a byte of its UTF-8. */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
