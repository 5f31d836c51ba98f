// Content codings: what Node's own one-shot decoders make of whole bodies, ours makes of them in pieces, and refuses what is not whole.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import zlib from 'node:zlib';
import fc from 'fast-check';
import type { DecodingBounds, DecodingFault } from '../traffic/content-coding.ts';
import { contentCodings } from './content-decoder.ts';

const wide: DecodingBounds = { freeBytes: 1 << 20, maxRatio: 10_000, maxBytes: 1 << 26 };

const encoders: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes, { level: 1 }),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
};
const names = Object.keys(encoders);

interface Result {
  readonly text: string;
  readonly fault: DecodingFault | null;
}

function decode(codings: readonly string[], pieces: readonly Uint8Array[], bounds = wide): Result {
  const decoder = contentCodings.open(codings, bounds);
  const got: Buffer[] = [];
  const sink = (piece: Buffer) => {
    got.push(Buffer.from(piece));
    return true;
  };
  let fault: DecodingFault | null = null;
  for (const piece of pieces) fault ??= decoder.feed(piece, sink);
  fault ??= decoder.end(sink);
  decoder.close();
  return { text: Buffer.concat(got).toString('latin1'), fault };
}

function encode(codings: readonly string[], bytes: Uint8Array): Buffer {
  return codings.reduce<Buffer>((whole, coding) => encoders[coding]!(whole), Buffer.from(bytes));
}

const kindOf = ({ fault }: Result) => fault?.kind ?? 'whole';

test('the codings that are known, and no others', () => {
  for (const name of names) assert.ok(contentCodings.knows(name), name);
  for (const name of ['compress', 'identity', 'GZIP', 'aes128gcm', 'dcb', ''])
    assert.ok(!contentCodings.knows(name), name);
});

test('whatever was encoded, once or twice, in whatever pieces, is decoded to the byte', () => {
  const one = fc.constantFrom(...names);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.tuple(fc.string(), fc.nat(4000)).map(([word, times]) => Buffer.from(word.repeat(times % 800))),
  );
  fc.assert(
    fc.property(bytes, fc.array(one, { minLength: 1, maxLength: 2 }), fc.array(fc.nat(5000)), (body, codings, cuts) => {
      const coded = encode(codings, body);
      const at = [0, ...cuts.map((cut) => cut % (coded.length + 1)).sort((a, b) => a - b), coded.length];
      const pieces = at.slice(1).map((to, index) => coded.subarray(at[index], to));
      const { text, fault } = decode(codings, pieces);
      assert.equal(fault, null);
      assert.ok(text === Buffer.from(body).toString('latin1'));
    }),
    { numRuns: 300 },
  );
});

for (const name of names)
  describe(name, () => {
    const body = Buffer.from('{"name":"value","list":[1,2,3]}'.repeat(40));
    const coded = encode([name], body);

    test('cut short at every byte is broken', () => {
      for (let length = 0; length < coded.length; length++)
        assert.equal(kindOf(decode([name], [coded.subarray(0, length)])), 'broken', `${length} of ${coded.length}`);
    });

    test('whatever stands behind its end makes it broken, in the same piece or the next', () => {
      const behind = [
        Buffer.from([0]),
        Buffer.from('x'),
        Buffer.from('\r\n'),
        coded,
        encode([name], Buffer.from('y')),
        Buffer.alloc(9),
      ];
      for (const more of behind) {
        assert.equal(kindOf(decode([name], [Buffer.concat([coded, more])])), 'broken', more.toString('hex'));
        assert.equal(kindOf(decode([name], [coded, more])), 'broken', more.toString('hex'));
      }
    });

    test('one byte changed is never taken for the body unless Node takes it, too', () => {
      const once: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
        gzip: zlib.gunzipSync,
        'x-gzip': zlib.gunzipSync,
        deflate: zlib.inflateSync,
        br: zlib.brotliDecompressSync,
        zstd: zlib.zstdDecompressSync,
      };
      for (let index = 0; index < coded.length; index++) {
        const bent = Buffer.from(coded);
        bent[index]! ^= 0x41;
        const ours = decode([name], [bent]);
        if (ours.fault !== null) continue;
        assert.equal(ours.text, once[name]!(bent).toString('latin1'), `byte ${index}`);
      }
    });

    test('random bytes never throw and never pass for a long body', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
          const { text } = decode([name], [bytes]);
          assert.ok(text.length <= 1 << 26);
        }),
      );
    });

    test('a bomb ends at the bound, by ratio and by size, whatever its pieces', () => {
      const bomb = encode([name], Buffer.alloc(8 << 20));
      const bounds = { freeBytes: 100_000, maxRatio: 10, maxBytes: 1 << 20 };
      for (const pieces of [[bomb], [bomb.subarray(0, 20), bomb.subarray(20)]]) {
        const { text, fault } = decode([name], pieces, bounds);
        assert.equal(fault?.kind, 'bomb');
        assert.ok(text.length <= 1 << 20, `${text.length} bytes were decoded`);
      }
      const bySize = decode([name], [bomb], { ...bounds, freeBytes: 1 << 20, maxRatio: 1 });
      assert.equal(bySize.fault?.says, `the ${name} body becomes more than 1048576 bytes`);
      const byRatio = decode([name], [bomb], { ...bounds, maxBytes: 1 << 30 });
      assert.equal(byRatio.fault?.says, `the ${name} body becomes more than 10 times its size`);
    });
  });

test('two layers do not square the ratio, and a bomb within is a bomb whatever it becomes', () => {
  const inner = encode(['gzip'], Buffer.alloc(32 << 20));
  const bomb = encode(['gzip'], inner);
  assert.ok(bomb.length < 2000, `${bomb.length} bytes`);
  const bounds = { freeBytes: 100_000, maxRatio: 100, maxBytes: 1 << 30 };
  assert.equal(kindOf(decode(['gzip', 'gzip'], [bomb], bounds)), 'bomb');
});

test('who has enough is handed nothing more, and that is no fault', () => {
  const coded = encode(['br'], Buffer.alloc(1 << 20));
  const decoder = contentCodings.open(['br'], wide);
  let pieces = 0;
  const sink = () => ++pieces < 2;
  assert.equal(decoder.feed(coded, sink), null);
  assert.equal(decoder.feed(coded, sink), null);
  assert.equal(decoder.end(sink), null);
  assert.equal(pieces, 2);
  decoder.close();
  decoder.close();
});

test('what is no member, frame or zlib format of its coding', () => {
  const raw = zlib.deflateRawSync('hello');
  assert.equal(kindOf(decode(['deflate'], [raw])), 'broken', 'a bare deflate stream (RFC 9110 8.4.1.2)');
  assert.equal(kindOf(decode(['deflate'], [zlib.gzipSync('hello')])), 'broken');
  assert.equal(kindOf(decode(['gzip'], [zlib.deflateSync('hello')])), 'broken');
  const skippable = Buffer.concat([
    Buffer.from([0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0x41]),
    zlib.zstdCompressSync('hello'),
  ]);
  assert.equal(kindOf(decode(['zstd'], [skippable])), 'broken', 'a skippable frame before it');
  const wideWindow = zlib.zstdCompressSync(Buffer.alloc(100), { params: { [zlib.constants.ZSTD_c_windowLog]: 27 } });
  assert.ok(['whole', 'broken'].includes(kindOf(decode(['zstd'], [wideWindow]))));
  const checked = zlib.zstdCompressSync('hello', { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } });
  assert.equal(decode(['zstd'], [checked]).text, 'hello');
  checked[checked.length - 1]! ^= 1;
  assert.equal(kindOf(decode(['zstd'], [checked])), 'broken', 'a wrong checksum');
  assert.equal(
    kindOf(decode(['gzip'], [Buffer.concat([zlib.gzipSync(''), zlib.gzipSync('x')])])),
    'whole',
    'an empty member hides nothing',
  );
});
