import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressOf, parseSocketTable } from './socket-table.ts';

const all = () => true;

test("the kernel's rows", () => {
  const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0000000000000000 100 0 0 10 0
 123: 0100007F:CCEF 0100007F:0BB8 06 00000000:00000000 03:00000F9C 00000000     0        0 0 3 0000000000000000
`;
  assert.deepEqual(parseSocketTable(text, all), [
    { localHex: '0100007F', localPort: 3000, remoteHex: '00000000', remotePort: 0, state: 'LISTEN', inode: 4711 },
    { localHex: '0100007F', localPort: 52463, remoteHex: '0100007F', remotePort: 3000, state: 'TIME_WAIT', inode: 0 },
  ]);
  assert.equal(parseSocketTable(text, (state) => state === 'LISTEN').length, 1);
  assert.equal(parseSocketTable(text, (_state, local) => local === 52463).length, 1);
  assert.equal(parseSocketTable(text, (_state, _local, remote) => remote === 3000).length, 1);
});

test('addresses are in the order of the machine, and mapped ones are IPv4', () => {
  for (const [hex, address] of [
    ['0100007F', '127.0.0.1'],
    ['00000000', '0.0.0.0'],
    ['FFFFFFFF', '255.255.255.255'],
    ['07710ACB', '203.10.113.7'],
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000001000000', '::1'],
    ['0000000000000000FFFF00000100007F', '127.0.0.1'],
    ['B80D0120000000000000000001000000', '2001:db8::1'],
    ['000080FE00000000FF005450B6AF00FE', 'fe80::5054:ff:fe00:afb6'],
  ] as const)
    assert.equal(addressOf(hex), address);
});

test('garbled lines are skipped', () => {
  for (const line of [
    '',
    '0:',
    '0: 0100007F:0BB8',
    '0 0100007F:0BB8 00000000:0000 0A',
    '0: 0100007F:0BB8 00000000 0A',
    '0: 0100007F 00000000:0000 0A',
    '0: 0100007:0BB8 00000000:0000 0A',
    '0: 0100007G:0BB8 00000000:0000 0A',
    '0: 0100007F:10000 00000000:0000 0A',
    '0: 0100007F: 00000000:0000 0A',
    '0: 0100007F:0BB8 00000000:0000 zz',
  ])
    assert.deepEqual(parseSocketTable(line, all), [], line);
  const odd = parseSocketTable('0: 0100007F:0BB8 00000000:0000 FF', all);
  assert.deepEqual([odd[0]?.state, odd[0]?.inode], ['UNKNOWN', 0]);
});

test('any text gives well-formed rows', () => {
  const piece = fc.oneof(fc.constantFrom('0: ', '0100007F', ':', '0BB8 ', '0A ', '\n', ' ', '00:1 '), fc.string());
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      for (const row of parseSocketTable(pieces.join(''), all)) {
        assert.ok(row.localPort >= 0 && row.localPort <= 65535 && row.inode >= 0);
        assert.notEqual(addressOf(row.localHex), '');
      }
    }),
  );
});

test('a written row is read back', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex').toUpperCase();
  const octets = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(octets, fc.nat(65535), octets, fc.nat(65535), fc.nat(2 ** 40), (local, port, remote, other, inode) => {
      const place = (bytes: Uint8Array, number: number) =>
        `${hex(bytes.toReversed())}:${number.toString(16).padStart(4, '0').toUpperCase()}`;
      const line = `   7: ${place(local, port)} ${place(remote, other)} 01 0:0 00:0 0  0  0 ${inode} 1 x`;
      const [row] = parseSocketTable(line, all);
      assert.ok(row !== undefined);
      assert.equal(addressOf(row.localHex), local.join('.'));
      assert.deepEqual([row.localPort, row.remotePort, row.inode], [port, other, inode]);
    }),
  );
});
