import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { table, visible } from './table.ts';

const paper = { stdout: { write: () => true } };
const terminal = (columns: number) => ({ stdout: { write: () => true, isTTY: true, columns } });

test('columns are aligned, and numbers stand right', () => {
  assert.equal(
    table(
      ['PORT', 'SERVICE', 'BYTES', 'FROM'],
      [
        ['22', 'ssh', '1.5 MiB', '10.0.0.1'],
        ['443', 'https', '-', '2001:db8::1'],
        ['5432', '', '12 B', ''],
      ],
      paper,
    ),
    `PORT  SERVICE    BYTES  FROM
  22  ssh      1.5 MiB  10.0.0.1
 443  https          -  2001:db8::1
5432              12 B
`,
  );
});

test('a terminal gets lines that fit, cut in the widest column; a file gets all', () => {
  const rows = [['1', 'a'.repeat(60), 'waiting']];
  const cut = table(['ID', 'TARGET', 'STAGE'], rows, terminal(30));
  assert.equal(cut, `ID  TARGET${' '.repeat(13)}STAGE\n 1  ${'a'.repeat(16)}…  waiting\n`);
  assert.equal(table(['ID', 'TARGET', 'STAGE'], rows, paper).split('\n')[1]!.length, 2 + 2 + 60 + 2 + 7);
  assert.ok(
    table(['A', 'B'], [['x'.repeat(50), 'y'.repeat(50)]], terminal(4)).includes('…'),
    'a tiny terminal ends somewhere',
  );
});

test('a narrow terminal does without the columns that it may, the first named first, and keeps the others whole', () => {
  const headers = ['FROM', 'RULE', 'TO', 'AGE'];
  const rows = [['203.0.113.7:50000', 'rule 1 "a long description of it"', '192.0.2.1:443', '1 s']];
  const head = (columns: number) =>
    table(headers, rows, terminal(columns), ['RULE', 'TO', 'NONE']).split('\n')[0]!.split(/ +/);
  assert.deepEqual(head(200), headers);
  assert.deepEqual(head(56), headers);
  assert.deepEqual(head(40), ['FROM', 'TO', 'AGE']);
  assert.deepEqual(head(30), ['FROM', 'AGE']);
  assert.match(table(headers, rows, terminal(30), ['RULE', 'TO']), /\n203\.0\.113\.7:50000 {2}1 s\n/);
  assert.deepEqual(table(headers, rows, paper, ['RULE']).split('\n')[0]!.split(/ +/), headers);
});

test('a cell cannot steer the terminal, break the line or turn the text round', () => {
  for (const [cell, shown] of [
    ['\x1b[2J', '\\x1b[2J'],
    ['a\r\nb', 'a\\x0d\\x0ab'],
    ['\x9b31m', '\\x9b31m'],
    ['\u202egpj.exe', '\\u{202e}gpj.exe'],
    ['a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
    ['\ud800', '\\u{d800}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['héllo 🙂 日本', 'héllo 🙂 日本'],
  ] as const)
    assert.equal(visible(cell), shown);
});

test('whatever the cells hold, every row is one line and fits', () => {
  const cell = fc.string({ unit: 'binary', maxLength: 30 });
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { maxLength: 5 }), (rows) => {
      const text = table(['A', 'B', 'C'], rows, terminal(40));
      const lines = text.split('\n');
      assert.equal(lines.length, rows.length + 2);
      for (const line of lines) {
        assert.ok([...line].length <= 40);
        assert.equal(visible(line), line);
      }
    }),
  );
});
