import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { listenControl } from '../supervisor/control.ts';
import { Connection } from '../traffic/connection.ts';
import { type Journey, journeyOfConnection } from '../traffic/journey.ts';
import { readArguments } from './cli.ts';
import { Trouble, UsageError, type World } from './command.ts';
import { explainAt } from './explain.ts';
import { questionOf, type Rehearsal } from './explain-questions.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-explain-'));
});
after(() => rm(directory, { recursive: true }));

const reasons = { 'firewall/denied': { says: 'A firewall rule denies it.', allow: 'Put an allow rule before it.' } };
const rehearsed: Rehearsal[] = [];
const explain = explainAt({
  rehearse: async (rehearsal) => {
    rehearsed.push(rehearsal);
    return { journeys: [denied('rehearsal')], reasons, by: 'the desk' };
  },
  reasons: async () => reasons,
});

function denied(id: string, port = 52431): Journey {
  const connection = new Connection(0, '203.0.113.7', port, '192.0.2.1', 5432, ':5432', false, 0);
  connection.firewallAction = 'DENY';
  connection.firewallRule = 4;
  connection.endedWhy = 'firewall/denied';
  return journeyOfConnection(connection, id, 'firewall', 'denied by rule 4');
}

async function run(line: string[], name = 'nowhere') {
  let [out, err] = ['', ''];
  const world: World = {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    env: {},
    cwd: directory,
    stop: new AbortController().signal,
  };
  const code = await explain.run(readArguments(explain, [...line, '--data-dir', join(directory, name)]), world);
  return { code, out, err };
}

test('questions that can be asked', () => {
  const rows: [string[], unknown][] = [
    [['01JDX3'], { kind: 'id', id: '01JDX3' }],
    [['203.0.113.7:52431'], { kind: 'tuple', from: '203.0.113.7:52431', to: null }],
    [['[::ffff:203.0.113.7]:1', ':443'], { kind: 'tuple', from: '203.0.113.7:1', to: ':443' }],
    [['[2001:DB8::1]:1', '[2001:db8:0::2]:443'], { kind: 'tuple', from: '[2001:db8::1]:1', to: '[2001:db8::2]:443' }],
    [['203.0.113.7'], { kind: 'tuple', from: '203.0.113.7', to: null }],
    [['--get', '/a?b'], { kind: 'rehearsal', rehearsal: { target: '/a?b', method: 'GET', headers: [] } }],
    [
      ['--get', '/a', '-d', 'x=1', '-H', 'Accept: a/b', '-H', 'X:', '--host', 'a.example', '--from', '203.0.113.7:5'],
      {
        kind: 'rehearsal',
        rehearsal: {
          from: '203.0.113.7:5',
          target: '/a',
          method: 'POST',
          headers: [
            ['Accept', 'a/b'],
            ['X', ''],
          ],
          host: 'a.example',
          body: 'x=1',
        },
      },
    ],
    [
      ['--from', '203.0.113.7', '--to', ':5432/TCP'],
      { kind: 'rehearsal', rehearsal: { from: '203.0.113.7:52431', to: ':5432' } },
    ],
    [['--to', '192.0.2.1:53/udp'], { kind: 'rehearsal', rehearsal: { to: '192.0.2.1:53/udp' } }],
  ];
  for (const [line, question] of rows) assert.deepEqual(questionOf(readArguments(explain, line)), question);
});

test('questions that cannot', () => {
  const rows: [string[], string][] = [
    [[], 'say what to explain: an id, FROM-IP:PORT, or --get TARGET'],
    [['a', 'b'], '"a" is no IP:PORT, and an id stands alone'],
    [['203.0.113.7:1', 'b'], '"b" is no IP:PORT; write 192.0.2.1:443, [2001:db8::1]:443 or :443'],
    [['a', 'b', 'c'], '"c" is one word too many'],
    [['a', '--get', '/'], '"a" asks for what happened, --get and --from for what would: ask one of them'],
    [
      ['--get', '/', '--journal', 'j'],
      '--journal holds what happened, --get and --from ask for what would: ask one of them',
    ],
    [['--host', 'a'], '--host belongs to a request: say --get TARGET too'],
    [['--from', '1.2.3.4:5', '--data', 'a'], '--data belongs to a request: say --get TARGET too'],
    [['--get', ''], "--get needs a target: --get '/users?id=1'"],
    [['--get', '/', '--header', 'a'], '--header "a" is no field; write --header \'Name: value\''],
    [
      ['--from', '1.2.3.4:99999'],
      '--from "1.2.3.4:99999" is no endpoint; write 203.0.113.7:52431 or [2001:db8::7]:52431',
    ],
    [
      ['--from', '2001:db8::7:', '--to', ':1'],
      '--from "2001:db8::7:" is no endpoint; write 203.0.113.7:52431 or [2001:db8::7]:52431',
    ],
    [['--to', '192.0.2.1'], '--to "192.0.2.1" is no endpoint; write :443/tcp, or 192.0.2.1:443'],
    [['--to', ':53/icmp'], '--to ":53/icmp" is no endpoint; write :443/tcp, or 192.0.2.1:443'],
  ];
  for (const [line, says] of rows)
    assert.throws(() => questionOf(readArguments(explain, line)), new UsageError(says), line.join(' '));
});

test('where no gate runs, a rehearsal is played here', async () => {
  const { code, out, err } = await run(['--from', '203.0.113.7:52431', '--to', ':5432/tcp']);
  assert.equal(code, 0);
  assert.deepEqual(rehearsed.at(-1), { from: '203.0.113.7:52431', to: ':5432' });
  assert.equal(err, 'a rehearsal by the desk; nothing was sent\n');
  assert.deepEqual(out.split('\n').slice(1, 3), [
    '2 TCP        203.0.113.7:52431 → 192.0.2.1:5432   ephemeral port, no socket, a rehearsal',
    '3 Firewall   DENY  rule 4',
  ]);
  assert.ok(out.includes('Allow it     Put an allow rule before it.\n'));
});

test('where a gate runs, it is asked', async () => {
  const asked: unknown[] = [];
  const control = await listenControl(join(directory, 'gate', 'control.sock'), {
    explain: (question) => {
      asked.push(question);
      if (question.id === 'unknown') return { journey: null, reasons };
      return question.id === undefined
        ? { journeys: [denied('a'), denied('b')], reasons }
        : { journey: denied('x'), reasons };
    },
    rehearse: (question) => {
      asked.push(question);
      return { journey: denied(''), reasons };
    },
  });
  try {
    assert.equal(JSON.parse((await run(['x', '--json'], 'gate')).out).id, 'x');
    const both = await run(['203.0.113.7:52431', ':5432'], 'gate');
    assert.equal(both.out.split('1 DNS ').length, 3);
    const own = await run(['--get', '/'], 'gate');
    assert.equal(own.err, `a rehearsal by the running gate (${join(directory, 'gate')}); nothing was sent\n`);
    await assert.rejects(
      run(['unknown'], 'gate'),
      (error) => error instanceof Trouble && error.message.includes('no request with the id unknown'),
    );
    assert.deepEqual(asked, [
      { ask: 'explain', id: 'x' },
      { ask: 'explain', from: '203.0.113.7:52431', to: ':5432' },
      { ask: 'rehearse', target: '/', method: 'GET', headers: [] },
      { ask: 'explain', id: 'unknown' },
    ]);
  } finally {
    await control.close();
  }
});

test('a journal is searched by id and by endpoints, past lines that are none', async () => {
  const lines = [
    JSON.stringify(denied('a', 1)),
    '{"id":"a","torn',
    '{"id":"b"}',
    'null 203.0.113.7:1',
    JSON.stringify(denied('b', 2)),
    JSON.stringify(denied('c', 1)),
  ];
  await writeFile(join(directory, 'journal'), `${lines.join('\n')}\n`);
  const ids = async (...words: string[]) => {
    const found = JSON.parse((await run([...words, '--journal', 'journal', '--json'])).out);
    return Array.isArray(found) ? found.map(({ id }) => id) : found.id;
  };
  assert.equal(await ids('b'), 'b');
  assert.deepEqual(await ids('203.0.113.7:1'), ['c', 'a']);
  assert.deepEqual(await ids('203.0.113.7', '192.0.2.1:5432'), ['c', 'b', 'a']);
  await assert.rejects(
    run(['203.0.113.7:1', ':443', '--journal', 'journal']),
    /knows nothing that came from 203.0.113.7:1 to :443/,
  );
  await assert.rejects(run(['d', '--journal', 'journal']), /knows no request with the id d/);
  await assert.rejects(run(['d', '--journal', 'none']), /the journal .*none cannot be read: ENOENT/);
});

test('every example is a question', () => {
  for (const { line } of explain.examples) {
    const words = line
      .split("'")
      .flatMap((part, index) => (index % 2 === 1 ? [part] : part.split(' ').filter(Boolean)));
    assert.doesNotThrow(() => questionOf(readArguments(explain, words.slice(2))), line);
  }
});
