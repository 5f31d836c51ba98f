import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { lots } from './secrets.ts';
import { type Source, SourcePorts } from './source-ports.ts';

const range = { from: 40_000, to: 40_009, reserved: [[40_003, 40_004]] as const };
const key = ({ address, port }: Source) => `${address}:${port}`;

test('every port of every address is given once, the reserved ones never, and then none', () => {
  const ports = new SourcePorts(['127.0.0.2', '127.0.0.3'], range, lots(1));
  const given: Source[] = [];
  for (let source = ports.take(false); source !== null; source = ports.take(false)) given.push(source);
  assert.equal(new Set(given.map(key)).size, 16);
  assert.ok(given.every(({ port }) => port >= 40_000 && port <= 40_009 && port !== 40_003 && port !== 40_004));
  ports.give(given[5]!);
  assert.deepEqual(ports.take(false), given[5], 'one that was given back is there again');
});

test('addresses share the connections evenly', () => {
  const ports = new SourcePorts(['127.0.0.2', '127.0.0.3', '127.0.0.4'], range, lots(1));
  const given = Array.from({ length: 12 }, () => ports.take(false)!.address);
  for (const address of ['127.0.0.2', '127.0.0.3', '127.0.0.4'])
    assert.equal(given.filter((one) => one === address).length, 4);
});

test('a family is asked for, or any will do', () => {
  const ports = new SourcePorts(['127.0.0.2', '::1'], range, lots(1));
  assert.equal(ports.take(true)!.address, '::1');
  assert.equal(ports.take(false)!.address, '127.0.0.2');
  assert.equal(new SourcePorts(['127.0.0.2'], range, lots(1)).take(true), null);
});

test('a port that was just given back is not the next one', () => {
  const ports = new SourcePorts(['127.0.0.2'], range, lots(1));
  const first = ports.take(false)!;
  ports.give(first);
  assert.notDeepEqual(ports.take(false), first);
});

test('property: no port is out twice, however they come and go', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 200 }), (steps) => {
      const ports = new SourcePorts(['127.0.0.2', '127.0.0.3'], range, lots(3));
      const out: Source[] = [];
      for (const step of steps) {
        const source = step < 20 ? ports.take(false) : null;
        if (source !== null) {
          assert.ok(!out.some((one) => key(one) === key(source)));
          out.push(source);
        } else if (out.length > 0) ports.give(out.splice(step % out.length, 1)[0]!);
      }
      assert.ok(out.length <= 16);
    }),
  );
});
