// Rules of files at the gate: requests and answers judged in their phases, what is held and what is not, and what an owner excuses.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { settingsFrom } from '../../src/config/config.ts';
import { build } from '../../src/generation.ts';
import { answering, type Standing, scripted, stand } from './world.ts';

const rules = `
SecAction "id:1,phase:1,pass,nolog,setvar:tx.inbound_anomaly_score_threshold=5"
SecRule ARGS|REQUEST_COOKIES "@contains evil" "id:10,phase:2,pass,t:lowercase,msg:'An evil word',severity:CRITICAL,tag:attack-generic,setvar:tx.inbound_anomaly_score_pl1=+5"
SecRule TX:inbound_anomaly_score_pl1 "@ge %{tx.inbound_anomaly_score_threshold}" "id:20,phase:2,deny,tag:anomaly-evaluation,msg:'Too much: %{tx.inbound_anomaly_score_pl1}'"
SecRule REQUEST_FILENAME "@streq /old" "id:30,phase:1,redirect:https://example.com/%{ARGS.to},status:301"
SecRule REQUEST_FILENAME "@streq /gone" "id:31,phase:1,drop"
SecRule RESPONSE_STATUS "@streq 500" "id:40,phase:3,deny,status:502,msg:'The application failed'"
SecRule RESPONSE_BODY "@contains ORA-01756" "id:41,phase:4,deny,msg:'A database speaks'"
SecAction "id:50,phase:5,pass,msg:'The end of %{UNIQUE_ID}'"
`;

/** A gate with these rules before an upstream that answers what the target asks for. */
async function world(
  t: TestContext,
  words: Record<string, unknown> = {},
  site: Record<string, unknown> = {},
): Promise<Standing> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-rules-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'own.conf');
  await writeFile(file, rules);
  const { port } = await answering(t, ({ first }) => {
    const target = first.split(' ')[1]!;
    const type = target === '/binary' ? 'application/octet-stream' : 'text/html';
    const body = target.startsWith('/fine') ? 'fine' : 'quoted string: ORA-01756';
    return `HTTP/1.1 ${target === '/broken' ? 500 : 200} X\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  return stand(t, port, {
    sites: [{ host: '*', to: `127.0.0.1:${port}`, waf: site }],
    waf: { files: [file], ...words },
  });
}

test('a request is refused by what scored, with the arithmetic, and the end of it is told', async (t) => {
  const { get, journey } = await world(t);
  const refused = await get('/fine?q=EVIL');
  assert.equal(refused.status, 403);
  const { verdict, waf } = await journey(refused.headers.get('x-request-id')!);
  assert.equal(verdict.why, 'waf/anomaly-score');
  assert.equal(verdict.says, 'An evil word; 10 (5) = 5 of 5');
  assert.deepEqual([verdict.rule, verdict.place, verdict.value], ['10', 'ARGS:q', 'evil']);
  assert.match(verdict.at, /own\.conf:3$/);
  assert.deepEqual(
    waf!.rules.map(({ id, phase, score }) => [id, phase, score]),
    [
      [10, 2, 5],
      [20, 2, 0],
      [50, 5, 0],
    ],
  );
  assert.deepEqual([waf!.action, waf!.score, waf!.threshold], ['block', 5, 5]);
  const passed = await get('/fine?q=good');
  assert.deepEqual([passed.status, passed.body.toString()], [200, 'fine']);
});

test('a body is judged at its end, a broken one is refused', async (t) => {
  const { client } = await world(t);
  const wire = await client();
  const post = (type: string, body: string): void =>
    wire.send(
      `POST /fine HTTP/1.1\r\nHost: h\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  post('application/json', '{"a":["Evil"]}');
  assert.equal((await wire.message()).status, 403);
  post('application/json', '{"a":["good"]}');
  assert.equal((await wire.message()).status, 200);
  post('application/json', '{"a":[');
  assert.equal((await wire.message()).status, 400);
});

test('redirect and drop', async (t) => {
  const { get, client } = await world(t);
  const redirected = await get('/old?to=a%0d%0ab');
  assert.deepEqual([redirected.status, redirected.headers.get('location')], [301, 'https://example.com/ab']);
  const wire = await client();
  wire.send('GET /gone HTTP/1.1\r\nHost: h\r\n\r\n');
  await wire.ended();
  assert.equal(wire.text, '');
});

test('answers are judged: their status at once, their body before a byte of it is sent', async (t) => {
  const { get, journey } = await world(t);
  assert.equal((await get('/broken')).status, 502);
  const leaked = await get('/leak');
  assert.equal(leaked.status, 403);
  assert.ok(!leaked.body.includes('ORA-'));
  const { verdict } = await journey(leaked.headers.get('x-request-id')!);
  assert.deepEqual([verdict.why, verdict.rule, verdict.place], ['waf/rule', '41', 'RESPONSE_BODY']);
  // Because its media type is not listed, it is not looked at.
  assert.equal((await get('/binary')).status, 200);
});

test('an event stream is never held', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-rules-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  await writeFile(
    join(directory, 'own.conf'),
    'SecResponseBodyMimeType text/event-stream\nSecRule RESPONSE_BODY "@contains x" "id:1,phase:4,deny"',
  );
  const { port } = await scripted(t, async (wire) => {
    await wire.message();
    wire.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n');
  });
  const { client } = await stand(t, port, { waf: { files: [join(directory, 'own.conf')] } });
  const wire = await client();
  wire.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
  await wire.take('data: x');
});

test('an answer that is longer than what is held streams on after its beginning was judged', async (t) => {
  const { get } = await world(t, { max_inspected_answer: '1KiB' });
  const { status, body } = await get('/fine');
  assert.deepEqual([status, body.toString()], [200, 'fine']);
});

test('detect tells and refuses nothing; an owner excuses a rule at a place', async (t) => {
  const told = await world(t, { mode: 'detect' });
  const passed = await told.get('/fine?q=evil');
  assert.equal(passed.status, 200);
  const { waf } = await told.journey(passed.headers.get('x-request-id')!);
  assert.deepEqual([waf!.action, waf!.rules.map(({ id }) => id)], ['detect', [10, 20, 50]]);
  const excused = await world(t, {}, { exclude: [{ detector: '10', place: 'ARGS:q', because: 'a console' }] });
  assert.equal((await excused.get('/fine?q=evil')).status, 200);
  assert.equal((await excused.get('/fine?r=evil')).status, 403);
});

test('a rule file with faults stops the build, and says all of them', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-rules-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, 'own.conf');
  await writeFile(file, 'SecRule ARGZ "@rx a" "id:1"\nSecRule ARGS "@rx (a" "id:2"\n');
  const generation = await build(settingsFrom({ waf: { files: [file] } }), { locate: () => '' });
  assert.ok(!generation.ok);
  assert.deepEqual(
    generation.problems.map(({ code, says, place }) => [code, says, place?.line, place?.column]),
    [
      ['waf/rule-file', 'there is no variable ARGZ', 1, 9],
      ['waf/rule-file', 'this parenthesis is never closed', 2, 19],
    ],
  );
});
