import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildServices, parsePort, parseServices } from './services.ts';

test('the built-in table has the ports of the guide', () => {
  const services = buildServices();
  const guide: [number, string][] = [
    [21, 'ftp'],
    [22, 'ssh'],
    [25, 'smtp'],
    [53, 'domain'],
    [80, 'http'],
    [443, 'https'],
    [3306, 'mysql'],
    [5432, 'postgresql'],
    [6379, 'redis'],
    [8080, 'http-alt'],
    [27017, 'mongodb'],
  ];
  for (const [port, name] of guide) assert.equal(services.on(port)[0]?.name, name);
  assert.deepEqual(
    services.on(53).map((service) => service.protocol),
    ['tcp', 'udp'],
  );
  assert.deepEqual(services.on(4), []);
});

test('every built-in name leads back to its port, and no port is listed twice', () => {
  const services = buildServices();
  let rows = 0;
  for (const name of services.names)
    for (const service of services.named(name)) {
      rows++;
      assert.ok(services.on(service.port).includes(service), name);
      assert.notEqual(service.says, '');
    }
  assert.ok(rows >= 90, `${rows} rows`);
});

test("the machine's /etc/services goes over the built-in table", () => {
  const services = buildServices('shop\t8080/tcp  our-shop # the shop\nrush 4000/udp\nweb 80/tcp\n');
  assert.equal(services.on(8080)[0]?.name, 'shop');
  assert.equal(services.on(8080)[0]?.says, 'Common alternative HTTP port');
  assert.deepEqual(services.on(8080)[0]?.aliases, ['our-shop', 'http-alt', 'webcache', 'http-proxy']);
  assert.equal(services.named('HTTP-ALT')[0]?.port, 8080);
  assert.equal(services.named('rush')[0]?.protocol, 'udp');
  assert.equal(services.named('http')[0]?.name, 'web');
  assert.equal(services.on(443)[0]?.name, 'https');
});

test('a name that is one service and an alias of another means the one', () => {
  const services = buildServices('gate 7000/tcp\nother 7001/tcp gate\n');
  assert.deepEqual(
    services.named('gate').map((service) => service.port),
    [7000],
  );
});

test('lines that make no sense are skipped', () => {
  const hostile = [
    'nothing',
    'name /tcp',
    'name 80',
    'name 80/',
    'name 65536/tcp',
    'name -1/tcp',
    'name 0x50/tcp',
    'name 80/sctp',
    '12345 80/tcp',
    '\x1b[2Jname 80/tcp',
    `${'n'.repeat(65)} 80/tcp`,
    `long 80/tcp ${'x '.repeat(500)}`,
    '# http 80/tcp',
    '',
  ];
  for (const line of hostile) assert.deepEqual(parseServices(line), [], JSON.stringify(line));
  assert.deepEqual(parseServices(`${hostile.join('\n')}\r\nok 81/TCP\r\n`), [
    { name: 'ok', port: 81, protocol: 'tcp', aliases: [], says: '' },
  ]);
});

test('ports are decimal digits and nothing else', () => {
  for (const [text, port] of [
    ['0', 0],
    ['443', 443],
    ['00443', 443],
    ['65535', 65535],
    ['65536', null],
    ['', null],
    [' 1', null],
    ['+1', null],
    ['1e3', null],
    ['٣', null],
    ['000443', null],
  ] as const)
    assert.equal(parsePort(text), port, text);
});

test('any text gives services that can be printed and found', () => {
  const word = fc.oneof(fc.constantFrom('80/tcp', '53/udp', '#', '\t', ' ', '\n', 'http', '/', '\0'), fc.string());
  fc.assert(
    fc.property(fc.array(word), (words) => {
      for (const service of parseServices(words.join(' '))) {
        assert.ok(service.port >= 0 && service.port <= 65535);
        for (const name of [service.name, ...service.aliases])
          for (const character of name) assert.ok(character > ' ' && character <= '~');
        assert.equal(buildServices(words.join(' ')).on(service.port).length > 0, true);
      }
    }),
    { numRuns: 60 },
  );
});
