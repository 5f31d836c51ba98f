import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalise } from '../base/address.ts';
import { classifyFirstBytes } from './first-bytes.ts';
import { type Announcement, crc32c, maxHeader2Bytes, readProxyHeader } from './proxy-header.ts';

const latin1 = (text: string) => Buffer.from(text, 'latin1');
const signature = '\r\n\r\n\0\r\nQUIT\n';

/** A version 2 header: version and command, family, and what follows. */
function version2(command: number, family: number, rest: Buffer, length = rest.length): Buffer {
  return Buffer.concat([latin1(signature), Buffer.of(command, family, length >> 8, length & 255), rest]);
}

const four = Buffer.of(203, 0, 113, 7, 192, 0, 2, 1, 0xcc, 0xcf, 0x01, 0xbb);
const tlv = (type: number, value: Buffer) =>
  Buffer.concat([Buffer.of(type, value.length >> 8, value.length & 255), value]);

test('version 1: what is read, and what is refused', () => {
  const proxied = (peer: string, peerPort: number, local: string, localPort: number) => ({
    peer,
    peerPort,
    local,
    localPort,
  });
  const line = 'it does not begin with a PROXY header';
  const parts = 'its PROXY line has not the four parts it must have';
  for (const [text, expected] of [
    ['PROXY TCP4 203.0.113.7 192.0.2.1 52431 443\r\n', proxied('203.0.113.7', 52431, '192.0.2.1', 443)],
    ['PROXY TCP4 255.255.255.255 0.0.0.0 0 65535\r\n', proxied('255.255.255.255', 0, '0.0.0.0', 65535)],
    ['PROXY TCP6 2001:DB8::7 ::1 1 2\r\n', proxied('2001:db8::7', 1, '::1', 2)],
    ['PROXY TCP6 ::ffff:203.0.113.7 ::1 1 2\r\n', proxied('203.0.113.7', 1, '::1', 2)],
    ['PROXY UNKNOWN\r\n', 'local'],
    ['PROXY UNKNOWN anything at all 7 8 9\r\n', 'local'],
    ['PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n', 'local'],
    ['', 'more'],
    ['PROXY', 'more'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 52431 443\r', 'more'],
    ['GET / HTTP/1.1\r\n', line],
    ['PROXX', line],
    ['proxy TCP4 203.0.113.7 192.0.2.1 1 2\r\n', line],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 52431\r\n', parts],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 52431 443 5\r\n', parts],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 52431 443 \r\n', parts],
    ['PROXY TCP4  203.0.113.7 192.0.2.1 52431 443\r\n', parts],
    ['PROXY TCP5 203.0.113.7 192.0.2.1 52431 443\r\n', 'its PROXY line names no family that there is'],
    ['PROXY \r\n', 'its PROXY line names no family that there is'],
    ['PROXY UNKNOWN2\r\n', 'its PROXY line names no family that there is'],
    ['PROXY TCP4 ::1 ::1 1 2\r\n', 'its PROXY line has an address that is not one of TCP4'],
    ['PROXY TCP6 203.0.113.7 192.0.2.1 1 2\r\n', 'its PROXY line has an address that is not one of TCP6'],
    ['PROXY TCP4 203.0.113.07 192.0.2.1 1 2\r\n', 'its PROXY line has an address that is not one of TCP4'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 01 2\r\n', 'its PROXY line has a port that is none'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 65536 2\r\n', 'its PROXY line has a port that is none'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 -1 2\r\n', 'its PROXY line has a port that is none'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 1 2\n', 'a byte of its PROXY line is not printable ASCII'],
    ['PROXY TCP4 203.0.113.7\t192.0.2.1 1 2\r\n', 'a byte of its PROXY line is not printable ASCII'],
    ['PROXY UNKNOWN \x80\r\n', 'a byte of its PROXY line is not printable ASCII'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 1 2\rX', 'its PROXY line ends in CR without LF'],
    [`PROXY UNKNOWN ${'x'.repeat(91)}\r\n`, 'local'],
    [`PROXY UNKNOWN ${'x'.repeat(92)}\r\n`, 'its PROXY line is longer than 107 bytes'],
  ] as const) {
    const read = readProxyHeader(latin1(text));
    if (read === 'more') assert.equal(expected, 'more', text);
    else if ('fault' in read) assert.equal(read.fault, expected, text);
    else {
      assert.equal(read.bytes, text.length, text);
      const { version, kind, peer, peerPort, local, localPort } = read;
      assert.equal(version, 1);
      assert.deepEqual(kind === 'local' ? 'local' : { peer, peerPort, local, localPort }, expected, text);
    }
  }
});

test('version 2: what is read, and what is refused', () => {
  const mapped = Buffer.concat([
    Buffer.alloc(10),
    Buffer.of(255, 255, 203, 0, 113, 7),
    Buffer.alloc(15),
    Buffer.of(1, 0, 1, 0, 2),
  ]);
  const short = 'its PROXY header is shorter than its addresses';
  const checked = (flip: number): Buffer => {
    const header = version2(0x21, 0x11, Buffer.concat([four, tlv(3, Buffer.alloc(4)), tlv(1, latin1('h2'))]));
    header.writeUInt32BE((crc32c(header) ^ flip) >>> 0, 16 + 12 + 3);
    return header;
  };
  for (const [bytes, expected] of [
    [version2(0x21, 0x11, four), '203.0.113.7:52431 > 192.0.2.1:443'],
    [version2(0x21, 0x21, mapped), '203.0.113.7:1 > ::1:2'],
    [
      version2(0x21, 0x11, Buffer.concat([four, tlv(4, Buffer.alloc(9)), tlv(0xea, latin1('vpce-1'))])),
      '203.0.113.7:52431 > 192.0.2.1:443',
    ],
    [checked(0), '203.0.113.7:52431 > 192.0.2.1:443'],
    [checked(1), 'the checksum of its PROXY header is wrong'],
    [version2(0x21, 0x11, Buffer.concat([four, tlv(3, Buffer.alloc(3))])), 'the checksum of its PROXY header is wrong'],
    [version2(0x20, 0x00, Buffer.alloc(0)), 'local'],
    [version2(0x20, 0x77, latin1('whatever stands here')), 'local'],
    [version2(0x21, 0x00, latin1('whatever stands here')), 'local'],
    [version2(0x21, 0x31, Buffer.alloc(216)), 'local'],
    [version2(0x21, 0x31, Buffer.alloc(215)), short],
    [version2(0x21, 0x11, four.subarray(1)), short],
    [version2(0x21, 0x21, Buffer.alloc(35)), short],
    [version2(0x21, 0x12, four), 'its PROXY header has the family and transport 0x12'],
    [version2(0x21, 0x01, four), 'its PROXY header has the family and transport 0x01'],
    [version2(0x22, 0x11, four), 'its PROXY header has command 2'],
    [version2(0x11, 0x11, four), 'its PROXY header has version 1'],
    [version2(0x31, 0x11, four), 'its PROXY header has version 3'],
    [version2(0x21, 0x11, Buffer.concat([four, Buffer.of(4, 0)])), 'an extension of its PROXY header is cut short'],
    [
      version2(0x21, 0x11, Buffer.concat([four, Buffer.of(4, 0, 2, 1)])),
      'an extension of its PROXY header is longer than the header',
    ],
    [version2(0x20, 0x00, Buffer.alloc(maxHeader2Bytes - 16)), 'local'],
    [version2(0x20, 0x00, Buffer.alloc(1), 4081), 'its PROXY header has 4097 bytes, and 4096 are read'],
    [version2(0x21, 0x11, Buffer.alloc(1), 65535), 'its PROXY header has 65551 bytes, and 4096 are read'],
    [latin1('\r\n\r\nGET'), 'it does not begin with a PROXY header'],
    [latin1(signature), 'more'],
    [version2(0x21, 0x11, four).subarray(0, 27), 'more'],
  ] as const) {
    const read = readProxyHeader(bytes);
    const shown =
      read === 'more'
        ? read
        : 'fault' in read
          ? read.fault
          : read.kind === 'local'
            ? 'local'
            : `${read.peer}:${read.peerPort} > ${read.local}:${read.localPort}`;
    assert.equal(shown, expected, bytes.toString('hex').slice(0, 120));
    if (read !== 'more' && !('fault' in read)) assert.equal(read.bytes, bytes.length);
  }
});

test('the checksum is CRC-32C', () => {
  assert.equal(crc32c(latin1('123456789')), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa, 'RFC 3720 B.4');
});

/** Either version's header of two addresses of one family, as a sender writes it. */
const header = fc
  .record({
    ends: fc.oneof(
      fc.tuple(fc.ipV4(), fc.ipV4(), fc.constant<4 | 6>(4)),
      fc.tuple(fc.ipV6(), fc.ipV6(), fc.constant<4 | 6>(6)),
    ),
    ports: fc.tuple(fc.nat(65535), fc.nat(65535)),
    version: fc.constantFrom(1, 2),
    extensions: fc.array(fc.tuple(fc.integer({ min: 4, max: 255 }), fc.uint8Array({ maxLength: 40 })), {
      maxLength: 4,
    }),
  })
  .map(({ ends: [peer, local, family], ports, version, extensions }) => {
    const expected = { peer: normalise(peer), peerPort: ports[0], local: normalise(local), localPort: ports[1] };
    if (version === 1)
      return { expected, bytes: latin1(`PROXY TCP${family} ${peer} ${local} ${ports[0]} ${ports[1]}\r\n`) };
    const rest = [packed(peer), packed(local), Buffer.from(Uint16Array.from(ports).buffer).swap16()];
    for (const [type, value] of extensions) rest.push(tlv(type, Buffer.from(value)));
    return { expected, bytes: version2(0x21, family === 4 ? 0x11 : 0x21, Buffer.concat(rest)) };
  });

/** The address in network order, by way of a URL's serialiser, which is not ours. */
function packed(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = new URL(`http://[${address}]/`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const whole = [...groups(head), ...Array(8).fill(0)].slice(0, 8);
  const end = groups(tail);
  for (const [index, group] of end.entries()) whole[8 - end.length + index] = group;
  return Buffer.from(whole.flatMap((group) => [group >> 8, group & 255]));
}

test('property: a header is read as it was written, whatever follows, and no byte sooner', () => {
  fc.assert(
    fc.property(header, fc.uint8Array({ maxLength: 64 }), ({ expected, bytes }, rest) => {
      const whole = readProxyHeader(Buffer.concat([bytes, rest])) as Announcement;
      const { peer, peerPort, local, localPort } = whole;
      assert.deepEqual({ peer, peerPort, local, localPort }, expected);
      assert.equal(whole.bytes, bytes.length);
      for (let cut = 0; cut < bytes.length; cut++) assert.equal(readProxyHeader(bytes.subarray(0, cut)), 'more');
    }),
    { numRuns: 300 },
  );
});

test('property: one changed byte is never read as more bytes than came, and never throws', () => {
  fc.assert(
    fc.property(header, fc.nat(), fc.nat(255), ({ bytes }, at, byte) => {
      const changed = Buffer.from(bytes);
      changed[at % changed.length] = byte;
      const read = readProxyHeader(changed);
      if (read !== 'more' && !('fault' in read)) assert.ok(read.bytes <= changed.length);
    }),
    { numRuns: 2000 },
  );
});

test('property: whatever comes, an answer other than more stays, and there is one before 4,097 bytes', () => {
  const start = fc.constantFrom(latin1('PROXY '), latin1(signature), Buffer.of(0x0d), Buffer.alloc(0));
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 200 }), (first, rest) => {
      const bytes = Buffer.concat([first, rest]);
      let answer: ReturnType<typeof readProxyHeader> = 'more';
      for (let cut = 0; cut <= bytes.length; cut++) {
        const read = readProxyHeader(bytes.subarray(0, cut));
        if (answer === 'more') answer = read;
        else assert.deepEqual(read, answer);
      }
      assert.notEqual(readProxyHeader(Buffer.concat([bytes, Buffer.alloc(maxHeader2Bytes)])), 'more');
    }),
    { numRuns: 300 },
  );
});

test('what is a header to this reader is one to the first look, too', () => {
  fc.assert(
    fc.property(header, ({ bytes }) => {
      assert.match(classifyFirstBytes(bytes), /^proxy[12]$/);
    }),
    { numRuns: 100 },
  );
});
