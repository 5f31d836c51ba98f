// What the SQL detector stops and what it lets pass: rows of attacks and of ordinary values, and what must hold for all.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { detectSql, sqlFindings } from './sql.ts';

/** The rows of a file beside this one; ␤ and ␍ stand for the ends of lines. */
function rows(name: string): string[] {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => row.replaceAll('␤', '\n').replaceAll('␍', '\r'));
}

const groups = new Map<string, string[]>();
for (const row of rows('./sql-attacks.txt')) {
  if (row.startsWith('== ')) groups.set(row.slice(3), []);
  else [...groups.values()].at(-1)!.push(row);
}
const attacks = [...groups.values()].flat();
const ordinary = rows('./sql-ordinary.txt');

describe('SQL injection is recognised', () => {
  it('in at least 400 rows', () => assert.ok(attacks.length >= 400, `${attacks.length} rows`));

  for (const [what, values] of groups) {
    it(`as ${what} in ${values.length} rows`, () => {
      for (const value of values) {
        const found = detectSql(value);
        assert.ok(found !== null && found.score >= 5, `missed: ${value}`);
        assert.equal(found.id, sqlFindings[what as keyof typeof sqlFindings].id, value);
        assert.ok(found.start >= 0 && found.start <= found.end && found.end <= value.length, `place in: ${value}`);
      }
    });
  }

  it("says what the guide's example does", () => {
    assert.deepEqual(detectSql('1;DROP TABLE users;--'), {
      id: 1042100,
      score: 5,
      severity: 'CRITICAL',
      says: 'SQL injection: the value ends the query and starts a statement of its own',
      start: 0,
      end: 19,
      isVague: false,
    });
  });
});

describe('ordinary values pass', () => {
  it('in at least 700 rows', () => assert.ok(ordinary.length >= 700, `${ordinary.length} rows`));

  for (const value of ordinary) {
    const found = detectSql(value);
    if (found !== null && found.score >= 5) it(value, () => assert.fail(`${found.id} ${found.says}: ${value}`));
  }

  it('with no finding at all where nothing of SQL is in them', () => {
    for (const value of ['', ' ', '42', 'blue running shoes', "O'Brien", 'en-US,en;q=0.5', '50% off', 'a@b.com'])
      assert.equal(detectSql(value), null, value);
  });

  it('and a whole statement is suspicious only', () => {
    assert.equal(detectSql('SELECT name FROM users WHERE id = 1')?.score, 3);
    assert.equal(detectSql('SELECT name FROM users; DROP TABLE users;--')?.score, 5);
  });

  it('and so do the brands that browsers make up for Sec-CH-UA', () => {
    const marks = [' ', '(', ':', '-', '.', '/', ')', ';', '=', '?', '_', '&', '^', '|', '%', '*', '+'];
    for (const first of marks)
      for (const second of marks)
        for (const start of ['', ...marks]) {
          const value = `"${start}Not${first}A${second}Brand";v="8", "Chromium";v="126"`;
          assert.ok((detectSql(value)?.score ?? 0) < 5, value);
        }
  });
});

describe('what holds for every value', () => {
  const blanks = [' ', '  ', '\t', '/**/', '/*x*/', ' /* or */ ', '\u00a0', '\v'];

  it('an attack stays one however its letters are cased', () => {
    fc.assert(
      fc.property(fc.constantFrom(...attacks), fc.infiniteStream(fc.boolean()), (value, flips) => {
        const spelt = [...value]
          .map((letter) => (flips.next().value ? letter.toUpperCase() : letter.toLowerCase()))
          .join('');
        assert.ok((detectSql(spelt)?.score ?? 0) >= 5, spelt);
      }),
      { numRuns: 3000 },
    );
  });

  it('an attack stays one whatever stands for its blanks', () => {
    fc.assert(
      fc.property(fc.constantFrom(...attacks), fc.infiniteStream(fc.constantFrom(...blanks)), (value, stream) => {
        let spelt = '';
        let comment = false;
        for (const letter of value) {
          // Behind a comment's start a blank is text, and before a function's bracket MySQL takes none.
          comment ||= letter === '-' || letter === '#';
          spelt += letter === ' ' && !comment ? stream.next().value : letter;
        }
        assert.ok((detectSql(spelt)?.score ?? 0) >= 5, spelt);
      }),
      { numRuns: 3000 },
    );
  });

  it('a tautology is found behind any value that a field may hold', () => {
    const prefixes = fc.stringMatching(/^[a-z0-9 @.%_]{0,20}$/);
    const ends = fc.constantFrom('--', '-- -', '#', '/*', ';--', '--+', ' --', ';#');
    fc.assert(
      fc.property(
        prefixes,
        fc.constantFrom("'", '"'),
        fc.constantFrom('', ')', '))'),
        fc.nat(999),
        ends,
        (prefix, quote, close, n, end) => {
          for (const condition of [
            `or ${n}=${n}`,
            `or ${n}<${n + 1}`,
            `|| ${n}=${n}`,
            `and ${n}=${n + 1}`,
            `or not false`,
            `or ${n} like ${n}`,
          ]) {
            const value = `${prefix}${quote}${close} ${condition}${end}`;
            assert.ok((detectSql(value)?.score ?? 0) >= 5, value);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('nothing is thrown, and what is found lies within the value', () => {
    const words = fc.constantFrom(...attacks.flatMap((value) => value.split(/(?<=[^a-z0-9])|(?=[^a-z0-9])/i)));
    const values = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.array(words, { maxLength: 30 }).map((all) => all.join('')),
    );
    fc.assert(
      fc.property(values, (value) => {
        const found = detectSql(value);
        if (found !== null) assert.ok(found.start <= found.end && found.end <= value.length);
      }),
      { numRuns: 5000 },
    );
  });

  it('the work grows no faster than the value', () => {
    const units = fc.array(
      fc.constantFrom(
        ...attacks.flatMap((value) => value.split(/\b/)),
        '(',
        "'",
        '/*',
        '[',
        '$',
        '$a$',
        'case when ',
        '1.e ',
        '{',
      ),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(units, (unit) => {
        const value = unit.join('');
        const short = stepsOf(value.repeat(Math.ceil(2000 / value.length)));
        const long = stepsOf(value.repeat(Math.ceil(16000 / value.length)));
        // Eight times the value may cost eight times the work, and a little for what is looked at once.
        assert.ok(long < 16 * short + 20_000, `${short} then ${long} steps for ${value}`);
      }),
      { numRuns: 150 },
    );
  });
});

/** How many characters are looked at, searched and cut out while `value` is judged. */
function stepsOf(value: string): number {
  const { charCodeAt, indexOf, slice } = String.prototype;
  let steps = 0;
  String.prototype.charCodeAt = function (at) {
    steps++;
    return charCodeAt.call(this, at);
  };
  String.prototype.indexOf = function (mark, from = 0) {
    const found = indexOf.call(this, mark, from);
    steps += (found < 0 ? this.length : found) - from;
    return found;
  };
  String.prototype.slice = function (from, to) {
    const cut = slice.call(this, from, to);
    steps += cut.length;
    return cut;
  };
  try {
    detectSql(value);
    return steps;
  } finally {
    Object.assign(String.prototype, { charCodeAt, indexOf, slice });
  }
}
