import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePort, portRanges, rangeOf } from './port.ts';
import { buildServices } from './services.ts';

const services = buildServices();

test('three ranges cover every port once', () => {
  for (const [port, name] of [
    [0, 'well-known'],
    [1023, 'well-known'],
    [1024, 'registered'],
    [49151, 'registered'],
    [49152, 'ephemeral'],
    [65535, 'ephemeral'],
  ] as const)
    assert.equal(rangeOf(port).name, name);
  assert.equal(
    portRanges.reduce((sum, range) => sum + range.to - range.from + 1, 0),
    65536,
  );
});

test('a port is described by its number or by a name', () => {
  for (const [asked, port, name] of [
    ['443', 443, 'https'],
    [443, 443, 'https'],
    [':443', 443, 'https'],
    ['443/tcp', 443, 'https'],
    ['53/udp', 53, 'domain'],
    ['https', 443, 'https'],
    ['HTTPS', 443, 'https'],
    ['dns', 53, 'domain'],
    ['postgres', 5432, 'postgresql'],
    ['valkey', 6379, 'redis'],
    ['52431', 52431, undefined],
  ] as const) {
    const described = describePort(asked, services);
    assert.ok(described.ok, String(asked));
    assert.equal(described.value.port, port);
    assert.equal(described.value.services[0]?.name, name);
    assert.equal(described.value.range, rangeOf(port));
  }
});

test('browsers refuse some ports', () => {
  const refused = (port: number) => {
    const described = describePort(port, services);
    return described.ok && described.value.browsersRefuse;
  };
  assert.deepEqual([22, 6667, 443, 8443].map(refused), [true, true, false, false]);
});

test('what is no port is told in a sentence', () => {
  for (const [asked, says, instead] of [
    ['65536', '"65536" is not a port: ports are whole numbers of 16 bits', 'a number from 0 to 65535'],
    ['-1', '"-1" is not a port: ports are whole numbers of 16 bits', 'a number from 0 to 65535'],
    ['80.5', '"80.5" is not a port: ports are whole numbers of 16 bits', 'a number from 0 to 65535'],
    ['', '"" is not a port: ports are whole numbers of 16 bits', 'a number from 0 to 65535'],
    ['htps', 'no service is known by the name "htps"', 'did you mean "https"?'],
    ['postgresq', 'no service is known by the name "postgresq"', 'did you mean "postgresql"?'],
    ['\x1b[2J', 'no service is known by the name "?[2J"', 'a port number, or a name from /etc/services'],
  ] as const) {
    const described = describePort(asked, services);
    assert.ok(!described.ok);
    assert.equal(described.problems[0]?.says, says);
    assert.equal(described.problems[0]?.instead, instead);
  }
});
