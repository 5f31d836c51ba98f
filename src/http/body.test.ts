// Bodies are the same however the network cuts them, end where they end, and cost little where an attacker chops them small.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bytesOf, cutAt, pairsOf } from '../../test/http-reading.ts';
import { latin1 } from '../base/bytes.ts';
import { Fault } from '../traffic/fault.ts';
import type { Headers } from '../traffic/headers.ts';
import type { BodyReader, BodySink } from '../traffic/wire.ts';
import { ChunkedReader, LengthReader, openBody, UntilCloseReader } from './body.ts';

/** What a reader made of pieces. `left`: bytes behind the body. */
interface Read {
  body: string;
  calls: number;
  ends: number;
  trailers: [string, string][];
  hasTrailers: boolean;
  fault: string;
  left: string;
}

function readPieces(reader: BodyReader, pieces: readonly Buffer[]): Read {
  const read: Read = { body: '', calls: 0, ends: 0, trailers: [], hasTrailers: false, fault: '', left: '' };
  const sink: BodySink = {
    data(bytes, from, to) {
      assert.ok(to > from, 'no empty piece');
      read.calls++;
      read.body += latin1(bytes, from, to);
    },
    end(trailers: Headers | null) {
      read.ends++;
      read.trailers = pairsOf(trailers);
      read.hasTrailers = trailers !== null;
    },
  };
  for (const piece of pieces) {
    const bytes = Buffer.from(piece);
    let at = 0;
    if (!reader.done && read.fault === '' && bytes.length > 0) {
      const end = reader.read(bytes, 0, bytes.length, sink);
      if (end instanceof Fault) {
        read.fault = end.why;
        continue;
      }
      at = end;
    }
    read.left += latin1(bytes, at, bytes.length);
  }
  return read;
}

const chunks = (text: string) => readPieces(new ChunkedReader(), [bytesOf(text)]);

test('a body of a known length ends at its last byte', () => {
  const reader = new LengthReader(5);
  const read = readPieces(reader, [bytesOf('he'), bytesOf('llo, world'), bytesOf('!')]);
  assert.deepEqual([read.body, read.ends, read.left, reader.done], ['hello', 1, ', world!', true]);
  assert.equal(new LengthReader(1).endsWithConnection, false);
});

test('a body until the end of the connection takes everything and never ends by itself', () => {
  const reader = new UntilCloseReader();
  const read = readPieces(reader, [bytesOf('0\r\n\r\n'), bytesOf('GET / HTTP/1.1\r\n')]);
  assert.deepEqual(
    [read.body, read.ends, read.left, reader.endsWithConnection],
    ['0\r\n\r\nGET / HTTP/1.1\r\n', 0, '', true],
  );
});

test('the reader that a framing calls for', () => {
  assert.equal(openBody('none', 0), null);
  assert.ok(openBody('length', 5) instanceof LengthReader);
  assert.ok(openBody('chunked', -1) instanceof ChunkedReader);
  assert.ok(openBody('until-close', -1) instanceof UntilCloseReader);
});

test('chunks, trailers, and what stands behind them', () => {
  const rows: readonly (readonly [string, string, [string, string][], string])[] = [
    ['0\r\n\r\n', '', [], ''],
    ['5\r\nhello\r\n0\r\n\r\nGET', 'hello', [], 'GET'],
    [
      '5;a="b"\r\nhello\r\n006\r\n world\r\n0;x\r\nA: b\r\nC:\td \r\n\r\nx',
      'hello world',
      [
        ['A', 'b'],
        ['C', 'd'],
      ],
      'x',
    ],
    ['2\r\n\r\n\r\n0\r\n\r\n\r\n', '\r\n', [], '\r\n'],
  ];
  for (const [text, body, trailers, left] of rows) {
    const read = chunks(text);
    assert.deepEqual([read.fault, read.body, read.trailers, read.left, read.ends], ['', body, trailers, left, 1], text);
    assert.equal(read.hasTrailers, trailers.length > 0);
  }
});

test('what comes before a fault is handed over, what comes behind it is not', () => {
  assert.deepEqual(chunks('1\r\na\r\n2\r\nbc\r\nx\r\nd'), {
    body: 'abc',
    calls: 1,
    ends: 0,
    trailers: [],
    hasTrailers: false,
    fault: 'http/bad-chunk',
    left: '',
  });
});

test('bounds on sizes, extensions and trailers are exact', () => {
  const rows: readonly (readonly [string, string])[] = [
    [`0000000000001\r\na\r\n0\r\n\r\n`, ''],
    [`00000000000001\r\na\r\n0\r\n\r\n`, 'http/bad-chunk'],
    [`1;${'a'.repeat(256)}\r\na\r\n0\r\n\r\n`, ''],
    [`1;${'a'.repeat(257)}\r\na\r\n0\r\n\r\n`, 'http/chunk-extension'],
    [`${`1;${'a'.repeat(255)}\r\na\r\n`.repeat(64)}0\r\n\r\n`, ''],
    [`${`1;${'a'.repeat(256)}\r\na\r\n`.repeat(64)}0;a\r\n\r\n`, 'http/chunk-extension'],
    [`0\r\n${'X: y\r\n'.repeat(32)}\r\n`, ''],
    [`0\r\n${'X: y\r\n'.repeat(33)}\r\n`, 'http/too-many-fields'],
    [`0\r\nX: ${'y'.repeat(8185)}\r\n\r\n`, ''],
    [`0\r\nX: ${'y'.repeat(8186)}\r\n\r\n`, 'http/trailers-too-long'],
  ];
  for (const [text, why] of rows) {
    assert.equal(chunks(text).fault, why, `${text.length} bytes: ${text.slice(0, 40)}`);
    const bytes = bytesOf(text);
    const singly = readPieces(
      new ChunkedReader(),
      cutAt(
        bytes,
        Array.from({ length: bytes.length }, (_, at) => at),
      ),
    );
    assert.equal(singly.fault, why, `byte by byte: ${text.slice(0, 40)}`);
  }
});

test('a read of many small chunks is one call, and large chunks are not moved', () => {
  const small = chunks(`${'1\r\na\r\n'.repeat(1000)}0\r\n\r\n`);
  assert.deepEqual([small.calls, small.body], [1, 'a'.repeat(1000)]);
  const large = 'x'.repeat(5000);
  const mixed = chunks(`1\r\na\r\n1388\r\n${large}\r\n1\r\nb\r\n0\r\n\r\n`);
  assert.deepEqual([mixed.calls, mixed.body], [2, `a${large}b`]);
});

// ---- properties

const extension = fc.constantFrom('', '', ';a', ';a=b', ';a="b;\\" c"', ';a=b;c');
const chunk = fc.tuple(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  extension,
  fc.constantFrom('', '0', '00'),
);
const trailer = fc.tuple(fc.stringMatching(/^X-[a-z]{1,5}$/), fc.stringMatching(/^[!-~]{0,8}$/));
const splits = fc.array(fc.nat(2000), { maxLength: 20 });

function chunkedText(
  list: readonly (readonly [string, string, string])[],
  trailers: readonly (readonly [string, string])[],
): string {
  const parts = list.map(([data, ext, zeros]) => `${zeros}${data.length.toString(16)}${ext}\r\n${data}\r\n`);
  return `${parts.join('')}0\r\n${trailers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

const latin = (text: string) => Buffer.from(text, 'latin1').toString('latin1');

test('a generated chunked body, however it is cut, is read as what it was made of', () => {
  fc.assert(
    fc.property(
      fc.array(chunk, { maxLength: 8 }),
      fc.array(trailer, { maxLength: 3 }),
      splits,
      (list, trailers, cuts) => {
        const data = list.map(([text, ext, zeros]) => [latin(text), ext, zeros] as const);
        const bytes = bytesOf(`${chunkedText(data, trailers)}behind`);
        const read = readPieces(new ChunkedReader(), cutAt(bytes, cuts));
        assert.equal(read.fault, '');
        assert.equal(read.body, data.map(([text]) => text).join(''));
        assert.deepEqual(read.trailers, trailers);
        assert.equal(read.left, 'behind');
        assert.equal(read.ends, 1);
      },
    ),
  );
});

test('bent chunked bodies end the same way however they are cut, and never throw', () => {
  const scraps = fc.constantFrom(
    '0\r\n\r\n',
    '5\r\nhello\r\n',
    '1',
    '0',
    '\r\n',
    '\r',
    '\n',
    ';a',
    ';"',
    'X: y\r\n',
    ' ',
    '\0',
    'f',
    'Host: a\r\n',
    ':',
  );
  fc.assert(
    fc.property(fc.array(scraps, { maxLength: 10 }), splits, (parts, cuts) => {
      const bytes = bytesOf(parts.join(''));
      const { calls: _, ...whole } = readPieces(new ChunkedReader(), [bytes]);
      const { calls: __, ...cut } = readPieces(new ChunkedReader(), cutAt(bytes, cuts));
      if (whole.fault === '') assert.deepEqual(cut, whole);
      else assert.deepEqual({ ...cut, left: '' }, whole);
    }),
    { numRuns: 1000 },
  );
});
