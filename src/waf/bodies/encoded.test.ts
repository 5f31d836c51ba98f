// Bodies with Content-Encoding: what is in them is judged as if it had come plain, and what cannot be decoded does not pass.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import { ask, gate, type Request } from '../../../test/waf-asking.ts';

const encoders: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
};
const form = 'application/x-www-form-urlencoded';
const json = 'application/json';
const script = '<script>alert(1)</script>';
const sql = "1' OR '1'='1' --";

/** A request whose body was encoded as its header says. */
function encoded(codings: string, type: string, text: string | Buffer, pieces: readonly number[] = []): Request {
  const names = codings.split(',').map((name) => name.trim());
  const body = names.reduce<Buffer>((bytes, name) => encoders[name]!(bytes), Buffer.from(text));
  return {
    headers: [
      ['Content-Type', type],
      ['Content-Encoding', codings],
    ],
    body,
    pieces,
  };
}

const multipart = (text: string) =>
  `--b\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\n${'\x01'.repeat(200_000)}\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n${text}\r\n--b--\r\n`;
const multipartType = 'multipart/form-data; boundary=b';

for (const coding of [...Object.keys(encoders), 'gzip, br', 'zstd, deflate']) {
  describe(`a body in ${coding}`, () => {
    const rows: readonly [string, string, string, string][] = [
      ['an ordinary form', form, 'a=1&b=hello+world', 'pass'],
      ['an ordinary record', json, '{"name":"Ann","list":[1,2,3]}', 'pass'],
      ['an attack in a form', form, `a=1&b=${encodeURIComponent(sql)}`, 'waf/sql-injection'],
      ['an attack in JSON', json, JSON.stringify({ a: [{ b: script }] }), 'waf/cross-site-scripting'],
      [
        'an attack in what says it is an image',
        'image/png',
        `a=${encodeURIComponent(script)}`,
        'waf/cross-site-scripting',
      ],
      ['an attack behind a file', multipartType, multipart(script), 'waf/cross-site-scripting'],
      ['a file', multipartType, multipart('hello'), 'pass'],
      ['more than is inspected', form, `a=${'x'.repeat(140_000)}`, 'waf/body-too-long-to-inspect'],
    ];
    for (const [says, type, text, why] of rows)
      test(says, () => {
        assert.equal(ask(gate('block', [], { maxInflateRatio: 100_000 }), encoded(coding, type, text)).why, why);
        const inPieces = encoded(coding, type, text, [1, 1, 2, 3, 5, 8, 13, 21]);
        assert.equal(ask(gate('block', [], { maxInflateRatio: 100_000 }), inPieces).why, why);
      });

    test('a bomb is refused, one that says it is binary as well once it is too large to be a picture of text', () => {
      const bomb = encoded(coding, multipartType, multipart('').replace('\x01', '\x01'.repeat(8 << 20)));
      const { why, status, verdict } = ask(gate(), bomb);
      assert.deepEqual([why, status], ['waf/compression-bomb', 413]);
      assert.equal(verdict.kind === 'pass' ? '' : verdict.evidence?.place, 'REQUEST_HEADERS:content-encoding');
    });

    test('cut short it is refused, and so is what stands behind its end', () => {
      const whole = encoded(coding, json, '{"a":1}');
      const body = whole.body as Buffer;
      assert.equal(ask(gate(), { ...whole, body: body.subarray(0, body.length - 1) }).why, 'waf/broken-encoding');
      assert.equal(ask(gate(), { ...whole, body: Buffer.concat([body, body]) }).why, 'waf/broken-encoding');
      assert.equal(ask(gate(), { ...whole, body: Buffer.from('a=1') }).why, 'waf/broken-encoding');
      assert.equal(ask(gate(), whole).why, 'pass');
    });
  });
}

describe('what hides a body', () => {
  const rows: readonly [string, readonly string[], string][] = [
    ['a coding that nobody undoes', ['compress'], 'waf/encoded-body'],
    ['three codings', ['gzip, gzip, gzip'], 'waf/encoded-body'],
    ['three codings in three fields', ['gzip', 'gzip', 'gzip'], 'waf/encoded-body'],
    ['a known one behind an unknown one', ['gzip, x'], 'waf/encoded-body'],
    ['an endless list of nothing', [','.repeat(100)], 'waf/encoded-body'],
    ['a parameter', ['gzip;q=1'], 'waf/encoded-body'],
  ];
  for (const [says, values, why] of rows)
    test(says, () => {
      const headers = values.map((value) => ['Content-Encoding', value] as const);
      const { why: got, status } = ask(gate(), { headers, body: 'x' });
      assert.deepEqual([got, status], [why, 415]);
    });

  test('names in any case, empty elements and identity say nothing', () => {
    const { body } = encoded('gzip', json, `{"a":"${script}"}`);
    for (const value of ['GZIP', 'x-gzip', ' , gzip,', 'identity, gzip', 'gzip , Identity']) {
      const request = {
        headers: [
          ['Content-Type', json],
          ['Content-Encoding', value],
        ] as const,
        body: body!,
      };
      assert.equal(ask(gate(), request).why, 'waf/cross-site-scripting', value);
    }
  });
});

describe('policies', () => {
  test('what may be longer than is inspected passes with its beginning inspected, and its beginning is', () => {
    const waf = gate('block', [], { bodyOverLimit: 'pass' });
    const long = 'x'.repeat(200_000);
    assert.equal(ask(waf, encoded('gzip', form, `a=${long}&b=${encodeURIComponent(sql)}`)).why, 'pass');
    assert.equal(ask(waf, encoded('gzip', form, `b=${encodeURIComponent(sql)}&a=${long}`)).why, 'waf/sql-injection');
  });

  test('padding without a word counts as length: nothing is hidden behind it', () => {
    // Stored blocks of nothing (RFC 1951 3.2.4), then the attack: more bytes came than are inspected.
    const text = `a=${encodeURIComponent(sql)}`;
    const empty = Buffer.concat(Array.from({ length: 40_000 }, () => Buffer.from([0, 0, 0, 0xff, 0xff])));
    const raw = zlib.deflateRawSync(text);
    const adler = zlib.deflateSync(text).subarray(-4);
    const body = Buffer.concat([Buffer.from([0x78, 0x9c]), empty, raw, adler]);
    assert.equal(zlib.inflateSync(body).toString(), text);
    const request = {
      headers: [
        ['Content-Type', form],
        ['Content-Encoding', 'deflate'],
      ] as const,
      body,
      pieces: [65_536, 65_536],
    };
    assert.equal(ask(gate(), request).why, 'waf/body-too-long-to-inspect');
  });

  test('detect tells and lets pass; off does not look; an exclusion excuses the coding and not what is in it', () => {
    const broken: Request = {
      headers: [
        ['Content-Encoding', 'gzip'],
        ['Content-Type', form],
      ],
      body: 'a=1',
    };
    const told = ask(gate('detect'), broken);
    assert.deepEqual(
      [told.why, told.exchange.wafAction, told.places],
      ['pass', 'detect', ['REQUEST_HEADERS:content-encoding']],
    );
    const excuse = [{ detector: 'evasion', place: 'REQUEST_HEADERS:content-encoding' }];
    assert.equal(ask(gate('block', excuse), broken).why, 'pass');
    assert.equal(ask(gate('off'), broken).why, 'pass');
    const cut = encoded('gzip', json, JSON.stringify([script, 'x'.repeat(1000)]));
    const body = (cut.body as Buffer).subarray(0, -3);
    assert.equal(ask(gate('block', excuse), { ...cut, body }).why, 'waf/cross-site-scripting');
  });

  test('a chunked body of nothing is no coded data', () => {
    assert.equal(
      ask(gate(), {
        headers: [
          ['Content-Encoding', 'gzip'],
          ['Transfer-Encoding', 'chunked'],
        ],
      }).why,
      'pass',
    );
  });
});
