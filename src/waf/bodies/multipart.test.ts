// Multipart bodies: what is read of them, in any pieces, and everything that is malformed.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isBoundary, MultipartReader, type Part } from './multipart.ts';

interface Read {
  parts: { part: Part; content: string; ended: boolean }[];
  broken: string;
}

function read(text: string, sizes: readonly number[] = [], isForm = true): Read {
  const parts: Read['parts'] = [];
  const reader = new MultipartReader('mark', isForm, {
    fileContent: () => undefined,
    part: (part) => parts.push({ part, content: '', ended: false }),
    content: (piece) => {
      parts.at(-1)!.content += piece;
    },
    partEnd: () => {
      parts.at(-1)!.ended = true;
    },
  });
  let at = 0;
  for (const size of sizes) {
    reader.feed(text.slice(at, at + size));
    at += size;
  }
  reader.feed(text.slice(at));
  reader.end();
  return { parts, broken: reader.broken };
}

const field = (name: string, content: string) =>
  `--mark\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${content}\r\n`;
const end = '--mark--\r\n';

test('fields, files and empty contents', () => {
  const file =
    '--mark\r\ncontent-disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: Text/Plain\r\n\r\nsecret\r\n';
  const { parts, broken } = read(field('a', 'one\r\ntwo') + field('b', '') + file + field('c', '--marc') + end);
  assert.equal(broken, '');
  assert.deepEqual(
    parts.map(({ part, content, ended }) => [part.name, part.fileName, part.type, part.isFile, content, ended]),
    [
      ['a', null, '', false, 'one\r\ntwo', true],
      ['b', null, '', false, '', true],
      ['f', 'a.txt', 'text/plain', true, '', true],
      ['c', null, '', false, '--marc', true],
    ],
  );
});

test('no parts at all, a leading line end, a missing last line end', () => {
  assert.deepEqual(read('--mark--'), { parts: [], broken: '' });
  assert.equal(read(`\r\n${field('a', 'x')}--mark--`).broken, '');
});

test('part heads that other kinds of multipart may omit', () => {
  const { parts, broken } = read('--mark\r\n\r\ntext\r\n--mark--', [], false);
  assert.equal(broken, '');
  assert.equal(parts[0]!.content, 'text');
});

test('names and file names as browsers and others write them', () => {
  const cases: readonly [string, string, string | null, string | null, boolean][] = [
    ['name="a b"', 'a b', null, null, false],
    ['name=a', 'a', null, null, false],
    ['NAME="a"', 'a', null, null, false],
    ['name="a%22b"', 'a%22b', null, null, false],
    ['name="it\'s; filename=x"', "it's; filename=x", null, null, false],
    ['name="a"; filename="C:\\dir\\x.txt"', 'a', 'C:\\dir\\x.txt', null, true],
    ['name="a"; filename=""', 'a', '', null, false],
    ['name="a"; filename*=UTF-8\'\'x%20y', 'a', null, "UTF-8''x%20y", false],
    ['name="a"; filename="x"; filename*=UTF-8\'\'y', 'a', 'x', "UTF-8''y", true],
  ];
  for (const [parameters, name, fileName, extendedFileName, isFile] of cases) {
    const { parts, broken } = read(`--mark\r\nContent-Disposition: form-data; ${parameters}\r\n\r\nx\r\n${end}`);
    assert.equal(broken, '', parameters);
    assert.deepEqual(parts[0]!.part, { name, fileName, extendedFileName, type: '', isFile }, parameters);
  }
});

describe('malformed', () => {
  const head = (text: string) => `--mark\r\n${text}\r\n\r\nx\r\n${end}`;
  const disposition = 'Content-Disposition: form-data; name="a"';
  const cases: readonly [string, string, string][] = [
    ['nothing', '', 'the last boundary is missing'],
    ['cut', field('a', 'x'), 'the last boundary is missing'],
    ['a preamble', `hello\r\n${field('a', 'x')}${end}`, 'there is text before the first boundary'],
    ['two line ends first', `\r\n\r\n${field('a', 'x')}${end}`, 'there is text before the first boundary'],
    ['an epilogue', `${field('a', 'x')}${end}${field('b', 'y')}`, 'there is text behind the last boundary'],
    [
      'bare line feeds',
      field('a', 'x').replaceAll('\r', '') + end,
      'a boundary is followed by something other than a line end or "--"',
    ],
    [
      'a bare line feed before a boundary',
      `${field('a', 'x').slice(0, -2)}\n${end}`,
      'a boundary stands behind a bare line break',
    ],
    [
      'a bare carriage return before a boundary',
      `${field('a', 'x').slice(0, -2)}\r${end}`,
      'a boundary stands behind a bare line break',
    ],
    ['a boundary inside a line', field('a', 'x--mark') + end, 'a boundary stands inside a line'],
    [
      'a longer boundary',
      field('a', 'x\r\n--marks') + end,
      'a boundary is followed by something other than a line end or "--"',
    ],
    [
      'blanks behind a boundary',
      field('a', 'x').replace('--mark', '--mark '),
      'a boundary is followed by something other than a line end or "--"',
    ],
    ['no disposition', head('Content-Type: text/plain'), 'a part has no Content-Disposition header'],
    ['no headers', `--mark\r\n\r\nx\r\n${end}`, 'a part has no Content-Disposition header'],
    ['no name', head('Content-Disposition: form-data'), 'a part has no name'],
    [
      'another disposition',
      head('Content-Disposition: attachment; name="a"'),
      'the Content-Disposition header of a part is malformed',
    ],
    ['two dispositions', head(`${disposition}\r\n${disposition}`), 'a part has two Content-Disposition headers'],
    [
      'two types',
      head(`${disposition}\r\nContent-Type: a/b\r\nContent-Type: c/d`),
      'a part has two Content-Type headers',
    ],
    ['two names', head(`${disposition}; name="b"`), 'the Content-Disposition header of a part is malformed'],
    [
      'an escaped quote',
      head('Content-Disposition: form-data; name="a\\"; filename=\\"b"'),
      'the Content-Disposition header of a part is malformed',
    ],
    [
      'an open quote',
      head('Content-Disposition: form-data; name="a'),
      'the Content-Disposition header of a part is malformed',
    ],
    [
      'blanks around =',
      head('Content-Disposition: form-data; name = "a"'),
      'the Content-Disposition header of a part is malformed',
    ],
    ['a folded header', head('Content-Disposition: form-data;\r\n name="a"'), 'a header of a part is malformed'],
    ['a NUL in a header', head(`${disposition.slice(0, -1)}\0"`), 'a header of a part is malformed'],
    ['a bare line feed in a header', head(`${disposition}\nContent-Type: a/b`), 'a header of a part is malformed'],
    ['a blank before the colon', head('Content-Disposition : form-data; name="a"'), 'a header of a part is malformed'],
    [
      'an encoded part',
      head(`${disposition}\r\nContent-Transfer-Encoding: base64`),
      'a part is transfer-encoded, which some readers undo and some do not',
    ],
    ['endless headers', `--mark\r\nX: ${'a'.repeat(9000)}`, 'the headers of a part are too long'],
  ];
  for (const [name, text, says] of cases)
    test(name, () => {
      assert.equal(read(text).broken, says);
      assert.equal(
        read(
          text,
          Array.from(text, () => 1),
        ).broken,
        says,
      );
    });
});

test('boundaries', () => {
  for (const good of ['a', '----WebKitFormBoundary7MA4YWxkTrZu0gW', "'()+_,-./:=?", 'a b', 'x'.repeat(70)])
    assert.equal(isBoundary(good), true, good);
  for (const bad of ['', 'a ', 'a"b', 'a\r\nb', 'ä', 'a;b', 'a*', 'x'.repeat(71)])
    assert.equal(isBoundary(bad), false, bad);
});

test('any pieces give the same parts, and nothing throws', () => {
  const content = fc.string({
    unit: fc.constantFrom('\r', '\n', '-', 'm', 'a', 'r', 'k', '--mark', '\r\n--mark', 'x'),
    maxLength: 12,
  });
  const bodies = fc.array(
    fc.oneof(
      content,
      content.map((text) => field('n', text)),
      fc.constant(end),
    ),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 80 }), (pieces, sizes) => {
      const text = pieces.join('');
      assert.deepEqual(read(text, sizes), read(text));
    }),
    { numRuns: 500 },
  );
});

test('what is written well is read back', () => {
  const plain = fc.string({ unit: 'binary' }).filter((text) => !text.includes('--mark'));
  fc.assert(
    fc.property(fc.array(plain, { maxLength: 5 }), fc.array(fc.nat(20), { maxLength: 40 }), (contents, sizes) => {
      const { parts, broken } = read(contents.map((text) => field('n', text)).join('') + end, sizes);
      assert.equal(broken, '');
      assert.deepEqual(
        parts.map((one) => one.content),
        contents,
      );
    }),
  );
});
