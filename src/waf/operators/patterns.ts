// Operators that look for patterns and phrases: rx, rxGlobal, pm, pmFromFile, pmf.

import {
  type BuiltOperator,
  type Fault,
  isFault,
  type Matcher,
  type OperatorTools,
  type PhrasesLike,
} from './operator.ts';

/** Groups beyond TX:9 are not kept. */
const maxCaptured = 10;

/** What finds the whole of any value: CRS asks it of every header name, only to capture it. */
const whole: Matcher = { test: () => true, capture: (value) => [value] };

function patternMatcher(argument: string, tools: OperatorTools): Matcher | Fault {
  if (argument === '^.*$' || argument === '.*') return whole;
  const pattern = tools.pattern(argument);
  if (isFault(pattern)) return pattern;
  return {
    member: pattern,
    test: (value) => pattern.test(value),
    capture(value) {
      const found = pattern.exec(value);
      if (found === null) return [];
      const texts: (string | null)[] = [];
      const count = Math.min(maxCaptured, found.length / 2);
      for (let group = 0; group < count; group++)
        texts.push(found[group * 2]! < 0 ? null : value.slice(found[group * 2], found[group * 2 + 1]));
      return texts;
    },
  };
}

export const rx: BuiltOperator = {
  kind: 'built',
  says: 'The pattern is found in the value; $ matches before line breaks, . matches them.',
  build: patternMatcher,
  examples: [
    ['^a+$', 'aaa', true],
    ['^a+$', 'aab', false],
    ['(?i)SELECT', 'select', true],
    ['a.b', 'a\nb', true],
    ['\\xff', '\xff', true],
    ['', '', true],
    ['^.*$', 'a\nb', true],
  ],
};
export const rxGlobal: BuiltOperator = {
  ...rx,
  says: 'As rx; of several matches the first is captured.',
  examples: [['b', 'abc', true]],
};

function phraseMatcher(phrases: PhrasesLike): Matcher {
  return {
    member: phrases,
    test: (value) => phrases.test(value),
    capture(value) {
      const found = phrases.find(value);
      return found === null ? [] : [value.slice(found.start, found.end)];
    },
  };
}

export const pm: BuiltOperator = {
  kind: 'built',
  says: 'One of the phrases, separated by spaces, is found in the value, whatever its case; |41| is the byte 0x41.',
  build(argument, tools) {
    const phrases = argument
      .split(' ')
      .filter((phrase) => phrase !== '')
      .map(undoBytes);
    return phrases.length > 0
      ? phraseMatcher(tools.phrases(phrases))
      : { says: '@pm has no phrases', instead: 'write them with spaces between them: @pm one two' };
  },
  examples: [
    ['one two', 'a TWO', true],
    ['one two', 'on', false],
    ['A|42|C', 'xabcx', true],
  ],
};

/** `|41 42|` as bytes. */
function undoBytes(phrase: string): string {
  const parts = phrase.split('|');
  if (parts.length < 3) return phrase;
  return parts
    .map((part, index) => (index % 2 === 0 ? part : Buffer.from(part.replaceAll(' ', ''), 'hex').toString('latin1')))
    .join('');
}

export const pmFromFile: BuiltOperator = {
  kind: 'built',
  says: 'As pm, with the phrases in files, one a line; empty lines and those that begin with # are left out.',
  build(argument, tools) {
    const phrases: string[] = [];
    for (const name of argument.split(' ')) {
      if (name === '') continue;
      if (name.startsWith('http:') || name.startsWith('https:'))
        return { says: `phrases are not fetched from ${name}`, instead: 'keep the list in a file beside the rules' };
      const text = tools.file(name);
      if (typeof text !== 'string') return text;
      for (const line of text.split('\n')) {
        const phrase = line.trim();
        if (phrase !== '' && !phrase.startsWith('#')) phrases.push(phrase);
      }
    }
    return phrases.length > 0
      ? phraseMatcher(tools.phrases(phrases))
      : { says: 'the file holds no phrases', instead: 'write one phrase a line' };
  },
  examples: [
    ['words.data', 'a SECOND phrase', true],
    ['words.data', 'third', false],
  ],
};
export const pmf: BuiltOperator = {
  ...pmFromFile,
  says: 'Another name of pmFromFile.',
  examples: [['words.data', 'first', true]],
};
