import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import { answer } from '../traffic/verdict.ts';
import { build, type Files } from './observe.ts';

function made(maxJourneys = 4, journal: string | null = null) {
  const written: string[] = [];
  const files: Files = {
    open: async (path) => {
      if (path === '/nowhere') throw new Error('EACCES: permission denied');
      return { append: async (text) => void written.push(text), close: async () => {} };
    },
  };
  const result = build({ journal, maxJourneys, audit: { file: null, format: null, mode: null } }, { files });
  assert.ok(result.ok);
  return { observe: result.value, written };
}

function connection(port = 52431): Connection {
  return new Connection(port, '203.0.113.7', port, '192.0.2.1', 443, ':443 tls', true, port);
}

function exchange(
  id: string,
  more: { refused?: boolean; status?: number; port?: number; header?: string } = {},
): Exchange {
  const headers = Headers.from([
    ['host', 'a.example'],
    ['x', more.header ?? ''],
  ]);
  const on = connection(more.port);
  const made = new Exchange(id, on, 1, on.openedAt, 'GET', '/', '/', '', '1.1', 'a.example', headers, 0);
  made.status = more.status ?? 200;
  if (more.refused) made.refusal = answer(403, 'waf/blocked', 'score 5 of 5');
  return made;
}

function lost(port: number): Connection {
  const on = connection(port);
  on.firewallAction = 'DENY';
  on.firewallRule = 4;
  on.endedWhy = 'firewall/denied';
  return on;
}

test('a journey is found by its id', () => {
  const { observe } = made();
  observe.tell(exchange('a'));
  observe.tell(exchange('b', { refused: true, status: 403 }));
  observe.tellConnection(lost(1), 'c', 'firewall', 'denied by rule 4');
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].map((id) => observe.find(id)?.verdict.why),
    ['', 'waf/blocked', 'firewall/denied', undefined],
  );
});

test('a flood of one kind does not push out the others', () => {
  const { observe } = made();
  observe.tell(exchange('good'));
  observe.tell(exchange('bad', { refused: true }));
  for (let number = 0; number < 100; number++) observe.tellConnection(lost(number), `lost ${number}`, 'firewall', '');
  assert.ok(observe.find('good') !== null && observe.find('bad') !== null);
  for (let number = 0; number < 100; number++) observe.tell(exchange(`good ${number}`));
  assert.ok(observe.find('bad') !== null && observe.find('lost 99') !== null);
  assert.equal(observe.find('good'), null);
  for (let number = 0; number < 100; number++) observe.tell(exchange(`bad ${number}`, { refused: true }));
  assert.ok(observe.find('good 99') !== null && observe.find('lost 99') !== null);
  assert.equal(observe.find('bad'), null);
});

test('large heads are kept only as far as the memory for them goes', () => {
  const { observe } = made(100);
  for (let number = 0; number < 100; number++) observe.tell(exchange(`${number}`, { header: 'x'.repeat(40_000) }));
  assert.equal(observe.recent(100).length, 10);
});

test('counts are exact, whatever was forgotten', () => {
  const { observe } = made(1);
  for (const status of [200, 204, 301, 404, 502, 101, 0, 999]) observe.tell(exchange('x', { status }));
  for (let number = 0; number < 3; number++) observe.tell(exchange('x', { refused: true, status: 403 }));
  const watched = exchange('x');
  watched.wafAction = 'detect';
  observe.tell(watched);
  const broken = exchange('x', { status: 502 });
  broken.endedWhy = 'proxy/upstream-reset';
  observe.tell(broken);
  observe.tellConnection(lost(1), 'y', 'firewall', '');
  assert.deepEqual(observe.counts(), {
    exchanges: 13,
    refused: 3,
    detected: 1,
    connections: 1,
    whys: { 'waf/blocked': 3, 'proxy/upstream-reset': 1, 'firewall/denied': 1 },
    statuses: { none: 2, '1xx': 1, '2xx': 3, '3xx': 1, '4xx': 4, '5xx': 2 },
    journal: null,
    audit: null,
    logs: {},
    traces: null,
  });
});

test('journeys by their endpoints, and the newest of all kinds', () => {
  const { observe } = made(8);
  for (const port of [5, 1, 3]) observe.tell(exchange(`e${port}`, { port, refused: port === 3 }));
  observe.tell(exchange('e5 again', { port: 5 }));
  observe.tellConnection(lost(4), 'c4', 'firewall', '');
  const ids = (from: string, to: string | null) => observe.findByTuple(from, to).map(({ id }) => id);
  assert.deepEqual(ids('203.0.113.7:5', null), ['e5 again', 'e5']);
  assert.deepEqual(ids('203.0.113.7:4', '192.0.2.1:443'), ['c4']);
  assert.deepEqual(ids('203.0.113.7:3', ':443'), ['e3']);
  assert.deepEqual(ids('203.0.113.7:3', ':80'), []);
  assert.deepEqual(ids('203.0.113.7', null), ['e5 again', 'e5', 'c4', 'e3', 'e1']);
  assert.deepEqual(
    observe.recent(3).map(({ id }) => id),
    ['e5 again', 'e5', 'c4'],
  );
  assert.deepEqual(observe.recent(0), []);
});

test('the journal has a line for everything, whatever bytes are inside', async () => {
  const { observe, written } = made(4, '/journal');
  assert.equal(await observe.start(), null);
  observe.tell(exchange('a', { header: 'line\nfeed\x1b[2J\x9b\u2028' }));
  observe.tellConnection(lost(7), 'c', 'firewall', 'denied by rule 4');
  await observe.stop();
  const lines = written.join('').split('\n');
  assert.equal(lines.length, 3);
  const [first, second] = lines.slice(0, 2).map((line) => JSON.parse(line));
  assert.equal(first.request.headers.x, 'line\nfeed\x1b[2J\x9b\u2028');
  assert.deepEqual(second.connection, {
    id: 7,
    from: '203.0.113.7:7',
    to: '192.0.2.1:443',
    listener: ':443 tls',
    reused: false,
  });
  observe.tell(exchange('late'));
  assert.deepEqual(observe.counts().journal, { written: 2, dropped: 1, waiting: 0, trouble: '' });
});

test('a journal that cannot be written is a problem, and traffic goes on', async () => {
  const { observe } = made(4, '/nowhere');
  assert.deepEqual(await observe.start(), {
    path: ['observe', 'journal'],
    code: 'observe/journal-not-writable',
    says: 'the journal cannot be written: EACCES: permission denied',
    instead: 'a file in a directory that this user may write in',
  });
  observe.tell(exchange('a'));
  await observe.stop();
  assert.equal(observe.counts().journal?.dropped, 1);
});

test('a bound that cannot be is a problem', () => {
  const result = build(
    { journal: null, maxJourneys: 0, audit: { file: null, format: null, mode: null } },
    { files: { open: () => Promise.reject(new Error()) } },
  );
  assert.deepEqual(!result.ok && result.problems.map(({ path, says }) => `${path.join('.')}: ${says}`), [
    'observe.maxJourneys: 0 journeys cannot be kept',
  ]);
});
