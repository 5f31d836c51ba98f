import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ManualClock } from '../base/clock.ts';
import { Connection } from '../traffic/connection.ts';
import { build, type ConnectionSettings, reasons } from './connections.ts';

const roomy: ConnectionSettings = {
  maxConnections: 1000,
  maxConnectionsPerClient: 1000,
  maxNewConnectionsPerClientPerSecond: 1000,
};

function made(settings: Partial<ConnectionSettings> = {}) {
  const clock = new ManualClock();
  const result = build({ ...roomy, ...settings }, { clock });
  assert.ok(result.ok);
  const connections = result.value;
  const admit = (peer = '203.0.113.7', port = 52431, local = '192.0.2.1') =>
    connections.admit(peer, port, local, 443, ':443 tls', true);
  const admitted = (peer?: string, port?: number) => {
    const connection = admit(peer, port);
    assert.ok(connection instanceof Connection, JSON.stringify(connection));
    return connection;
  };
  const why = (peer?: string, port?: number) => {
    const refusal = admit(peer, port);
    return refusal instanceof Connection ? 'admitted' : `${refusal.kind} ${refusal.why}: ${refusal.says}`;
  };
  return { clock, connections, admit, admitted, why };
}

test('the same client on two ephemeral ports is two rows', () => {
  const { clock, connections, admitted } = made();
  const first = admitted('203.0.113.7', 52431);
  first.firewallRule = 1;
  first.firewallDescription = 'HTTPS from anywhere';
  clock.advance(1500);
  admitted('203.0.113.7', 52432);
  const same = {
    to: '192.0.2.1:443',
    listener: ':443 tls',
    stage: 'accepted',
    tls: '',
    requests: 0,
    bytesIn: 0,
    bytesOut: 0,
  };
  assert.deepEqual(connections.list(), [
    { ...same, number: 1, from: '203.0.113.7:52431', rule: 'rule 1 "HTTPS from anywhere"', ageMs: 1500 },
    { ...same, number: 2, from: '203.0.113.7:52432', rule: 'default', ageMs: 0 },
  ]);
});

test('a row is found by its 4-tuple as long as it lives', () => {
  const { connections, admitted } = made();
  const connection = admitted();
  const tuple = { peer: '203.0.113.7', peerPort: 52431, local: '192.0.2.1', localPort: 443 };
  assert.equal(connections.of(tuple), connection);
  assert.equal(connections.of({ ...tuple, peerPort: 52432 }), null);
  connections.end(connection);
  connections.end(connection);
  assert.equal(connections.of(tuple), null);
  assert.equal(connections.size, 0);
  assert.equal(connections.clients, 0);
});

test('all connections together are limited', () => {
  const { connections, admitted, why } = made({ maxConnections: 2 });
  const first = admitted('203.0.113.1');
  admitted('203.0.113.2');
  assert.equal(why('203.0.113.3'), 'close connections/too-many: all 2 connections are taken');
  connections.end(first);
  assert.equal(why('203.0.113.3'), 'admitted');
});

test('connections of one client are limited, an IPv6 client is its /64', () => {
  const { connections, admitted, why } = made({ maxConnectionsPerClient: 2 });
  const first = admitted('2001:db8::1', 1);
  admitted('2001:db8::2', 1);
  const says = 'close connections/too-many-of-client: 2001:db8::3 holds 2 connections already';
  assert.equal(why('2001:db8::3', 1), says);
  assert.equal(why('2001:db8:0:1::1', 1), 'admitted');
  assert.equal(why('203.0.113.7', 1), 'admitted');
  connections.end(first);
  assert.equal(why('2001:db8::3', 1), 'admitted');
});

test('new connections of one client are limited a second, also when it closes them at once', () => {
  const { clock, connections, admitted, why } = made({ maxNewConnectionsPerClientPerSecond: 10 });
  for (let port = 1; port <= 10; port++) connections.end(admitted('203.0.113.7', port));
  for (let knock = 0; knock < 5; knock++)
    assert.equal(
      why('203.0.113.7'),
      'close connections/too-fast-of-client: 203.0.113.7 opens more than 10 connections a second',
    );
  assert.equal(why('203.0.113.8'), 'admitted');
  clock.advance(100);
  assert.equal(why('203.0.113.7', 11), 'admitted');
  assert.match(why('203.0.113.7', 12), /too-fast/);
});

test('a 4-tuple that comes again replaces the row that was not ended', () => {
  const { connections, admitted } = made({ maxConnections: 1, maxConnectionsPerClient: 1 });
  const old = admitted();
  const fresh = admitted();
  assert.equal(connections.size, 1);
  connections.end(old);
  assert.equal(connections.size, 1);
  assert.equal(connections.list()[0]!.number, fresh.number);
});

test('rows of one client, and no more than asked for', () => {
  const { connections, admitted } = made();
  for (let port = 1; port <= 20; port++) admitted(port % 2 === 0 ? '203.0.113.7' : '203.0.113.8', port);
  assert.deepEqual(
    connections.list({ client: '203.0.113.7', limit: 3 }).map(({ from }) => from),
    ['203.0.113.7:2', '203.0.113.7:4', '203.0.113.7:6'],
  );
});

test('counts by stage and by listener', () => {
  const { connections, admitted } = made();
  admitted('203.0.113.7', 1).stage = 'idle';
  admitted('203.0.113.7', 2).stage = 'idle';
  admitted('203.0.113.7', 3).stage = 'handshake';
  assert.deepEqual(connections.counts().stages, { idle: 2, handshake: 1 });
  assert.deepEqual({ ...connections.counts().listeners }, { ':443 tls': 3 });
  assert.equal(connections.counts().total, 3);
});

test('other limits come into force while connections live', () => {
  const { connections, admitted, why } = made({ maxConnections: 2 });
  admitted('203.0.113.7', 1);
  connections.adopt(made({ maxConnections: 1 }).connections);
  assert.match(why('203.0.113.7', 2), /too-many: all 1 /);
  assert.equal(connections.size, 1);
});

test('wrong limits are problems', () => {
  const result = build({ ...roomy, maxConnections: 0, maxConnectionsPerClient: 1.5 }, { clock: new ManualClock() });
  assert.ok(!result.ok);
  assert.deepEqual(
    result.problems.map(({ path, says }) => `${path.join('.')}: ${says}`),
    [
      'limits.maxConnections: a limit of 0 connections lets nobody in',
      'limits.maxConnectionsPerClient: a limit of 1.5 connections lets nobody in',
    ],
  );
});

test('every refusal has its reason', () => {
  assert.deepEqual(Object.keys(reasons), [
    'connections/too-many',
    'connections/too-many-of-client',
    'connections/too-fast-of-client',
  ]);
});

test('it agrees with a list', () => {
  const step = fc.record({ admit: fc.boolean(), peer: fc.nat(3), port: fc.nat(5), gapMs: fc.nat(400) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const { clock, connections, admit } = made({ maxConnections: 8, maxConnectionsPerClient: 3 });
      let list: Connection[] = [];
      for (const { admit: comes, peer, port, gapMs } of steps) {
        clock.advance(gapMs);
        const address = `203.0.113.${peer}`;
        const same = (each: Connection) => each.peer === address && each.peerPort === port;
        const before = list.find(same);
        list = list.filter((each) => !same(each));
        if (comes) {
          const result = admit(address, port);
          const room = list.length < 8 && list.filter((each) => each.peer === address).length < 3;
          assert.equal(result instanceof Connection, room);
          if (result instanceof Connection) list.push(result);
        } else if (before !== undefined) connections.end(before);
        assert.deepEqual([...connections.all()], list);
        assert.equal(connections.clients, new Set(list.map((each) => each.peer)).size);
      }
    }),
  );
});

test('limits hold over workers that tell each other', () => {
  const here = made({ maxConnections: 5, maxConnectionsPerClient: 3 });
  const there = made({ maxConnections: 5, maxConnectionsPerClient: 3 });
  here.connections.isShared = true;
  there.connections.isShared = true;
  const exchange = () => {
    const [a, b] = [here.connections.takeDeltas(), there.connections.takeDeltas()];
    there.connections.absorb(a);
    here.connections.absorb(b);
  };
  const first = here.admitted('203.0.113.7', 1);
  here.admitted('203.0.113.7', 2);
  exchange();
  there.admitted('203.0.113.7', 3);
  assert.match(there.why('203.0.113.7', 4), /^close connections\/too-many-of-client/);
  exchange();
  assert.match(here.why('203.0.113.7', 5), /^close connections\/too-many-of-client/);
  here.connections.end(first);
  exchange();
  there.admitted('203.0.113.7', 6);
  there.admitted('203.0.113.8', 7);
  exchange();
  here.admitted('203.0.113.9', 8);
  assert.match(here.why('203.0.113.10', 9), /^close connections\/too-many: all 5 connections are taken/);
});

test('the speed of a client is that of all its connections, wherever they are accepted', () => {
  const here = made({ maxNewConnectionsPerClientPerSecond: 2 });
  const there = made({ maxNewConnectionsPerClientPerSecond: 2 });
  for (const { connections } of [here, there]) connections.isShared = true;
  here.admitted('203.0.113.7', 1);
  here.admitted('203.0.113.7', 2);
  there.connections.absorb(here.connections.takeDeltas());
  assert.match(there.why('203.0.113.7', 3), /^close connections\/too-fast-of-client/);
  there.clock.advance(1000);
  there.admitted('203.0.113.7', 4);
});

test('a worker that comes later is told of all that is held, and one that is alone forgets the others', () => {
  const { connections, admitted, why } = made({ maxConnectionsPerClient: 2 });
  admitted('203.0.113.7', 1);
  connections.isShared = true;
  assert.deepEqual(connections.takeDeltas(), new Map([['203.0.113.7', { open: 1, entered: 0 }]]));
  connections.absorb(new Map([['203.0.113.7', { open: 1, entered: 0 }]]));
  assert.match(why('203.0.113.7', 2), /^close connections\/too-many-of-client/);
  connections.isShared = false;
  admitted('203.0.113.7', 3);
});

test('workers that step past each other give no number twice', () => {
  const numbers = [1, 2, 3].flatMap((first) => {
    const { connections, admitted } = made();
    connections.numberFrom(first, 3);
    return [1, 2, 3].map((port) => admitted('203.0.113.7', port).number);
  });
  assert.deepEqual(numbers.sort(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
});
