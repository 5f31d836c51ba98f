// A request judged without a gate, with every rule that matched; and the rules that are loaded.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Arguments, UsageError } from './command.ts';
import { waf } from './waf.ts';

const rules = `SecRule ARGS "@contains evil" "id:10,phase:2,pass,t:lowercase,msg:'An evil word',logdata:'saw %{MATCHED_VAR}',severity:CRITICAL,tag:attack-generic,tag:paranoia-level/2,setvar:tx.inbound_anomaly_score_pl1=+5"
SecAction "id:1,phase:1,pass,nolog,setvar:tx.inbound_anomaly_score_threshold=5"
SecRule TX:inbound_anomaly_score_pl1 "@ge %{tx.inbound_anomaly_score_threshold}" "id:20,phase:2,deny,tag:anomaly-evaluation,msg:'Too much: %{tx.inbound_anomaly_score_pl1}'"
`;

async function asking(t: TestContext, mode = 'block') {
  const cwd = await mkdtemp(join(tmpdir(), 'portcullis-offline-'));
  t.after(() => rm(cwd, { recursive: true, force: true }));
  await writeFile(join(cwd, 'own.conf'), rules);
  await writeFile(
    join(cwd, 'portcullis.yaml'),
    `listen: [{ port: 8080 }]
firewall: { default: allow }
waf: { files: [own.conf], mode: ${mode} }
sites:
  - { host: a.test, to: [127.0.0.1:1], waf: { exclude: [{ detector: '10', place: 'ARGS:text', path: /editor, because: authors write }] } }
`,
  );
  const ask = async (word: string, options: Arguments['options'] = {}) => {
    let out = '';
    const stdout = {
      write: (text: string) => {
        out += text;
      },
    };
    const world = { stdout, stderr: { write: () => true }, env: {}, cwd, stop: new AbortController().signal };
    const code = await waf.run({ words: [word], options }, world);
    return { code, out: out.replaceAll(cwd, '.') };
  };
  return { ask, cwd };
}

const told = `rule 10  An evil word
  at       ./own.conf:1
  matched  ARGS:q = "very evil"
  after    lowercase
  data     saw very evil
  score    +5

rule 20  Too much: 5
  at       ./own.conf:3
  matched  TX:inbound_anomaly_score_pl1 = "5"
  after    no transformation
  score    +0

10 (5) = 5 of 5
`;

test('every rule that matched is told, with where it stands, what it saw and what it added', async (t) => {
  const { ask } = await asking(t);
  assert.deepEqual(await ask('test', { get: '/?q=very+EVIL' }), {
    code: 1,
    out: `refused  waf/anomaly-score  An evil word; 10 (5) = 5 of 5\n\n${told}`,
  });
  assert.deepEqual(await ask('test', { get: '/?q=good' }), { code: 0, out: 'passes\n\nno rule matched\n' });
  assert.equal((await ask('test', { get: '/editor?text=evil' })).code, 0);
});

test('a site that only watches lets it pass, and is told so', async (t) => {
  const { ask } = await asking(t, 'detect');
  const watches = 'the WAF only watches this site (mode: detect); in mode: block it is refused';
  assert.deepEqual(await ask('test', { get: '/?q=very+EVIL' }), { code: 0, out: `passes\n${watches}\n\n${told}` });
});

test('a whole request in a file goes through the codec, which may refuse it', async (t) => {
  const { ask, cwd } = await asking(t);
  const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
  for (const [request, code, says] of [
    [`POST / HTTP/1.1\r\nHost: a.test\r\n${form}Content-Length: 6\r\n\r\nq=evil`, 1, /^refused {2}waf\/anomaly-score /],
    [
      `POST / HTTP/1.1\r\nHost: a.test\r\n${form}Transfer-Encoding: chunked\r\n\r\n3\r\nq=e\r\n3\r\nvil\r\n0\r\n\r\n`,
      1,
      /^ {2}matched {2}ARGS:q = "evil"$/m,
    ],
    [`POST / HTTP/1.1\r\nHost: a.test\r\n${form}Content-Length: 6\r\n\r\nq=good`, 0, /^passes\n/],
    [
      `POST / HTTP/1.1\r\nHost: a.test\r\n${form}Content-Length: 7\r\n\r\nq=good`,
      1,
      /^refused {2}http\/bad-request-line {2}the request ends before its body does\n$/,
    ],
    [
      'GET / HTTP/1.1\r\nHost: a.test\r\n',
      1,
      /^refused {2}http\/bad-request-line {2}the request ends before its head does\n$/,
    ],
    ['GET / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 1, /^refused {2}http\/bad-chunk /],
    ['GET / HTTP/1.1\nHost: a.test\n\n', 1, /^refused {2}http\//],
  ] as const) {
    await writeFile(join(cwd, 'request.txt'), request);
    const answer = await ask('test', { raw: 'request.txt' });
    assert.match(answer.out, says);
    assert.equal(answer.code, code, request);
  }
});

test('rules are listed, and chosen by number, tag and file, with what a site excludes', async (t) => {
  const { ask } = await asking(t);
  const all = JSON.parse((await ask('rules', { json: true })).out) as { id: number }[];
  assert.ok([1, 10, 20].every((id) => all.some((rule) => rule.id === id)));
  for (const choice of [{ id: '10' }, { tag: 'attack-generic' }]) {
    const { out, code } = await ask('rules', { ...choice, json: true });
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(out), [
      {
        id: 10,
        phase: 2,
        at: './own.conf:1',
        message: 'An evil word',
        paranoia: 2,
        tags: ['attack-generic', 'paranoia-level/2'],
        excluded: [{ site: 'a.test', where: 'ARGS:text below /editor' }],
      },
    ]);
  }
  const { out } = await ask('rules', { file: 'own.conf' });
  assert.match(out, /^ *10 +2 +2 +An evil word +a\.test: ARGS:text below \/editor +\.\/own\.conf:1$/m);
  assert.match(out, /^ *20 +2 +- +Too much: … +\.\/own\.conf:3$/m);
  assert.match((await ask('rules', { id: '77' })).out, /^0 of \d+ rules\n$/);
});

test('what is asked wrongly is told', async (t) => {
  const { ask } = await asking(t);
  for (const [word, options, says] of [
    ['test', {}, "waf test needs a request: --get '/users?id=1', or --raw FILE with one as it is sent"],
    [
      'test',
      { get: '/', raw: 'x' },
      "waf test needs a request: --get '/users?id=1', or --raw FILE with one as it is sent",
    ],
    ['test', { raw: 'x', header: ['A: b'] }, '--raw is a whole request: --header belongs to --get'],
    ['test', { get: '/', top: '3' }, '--top belongs to waf bill, not to waf test'],
    ['rules', { id: 'x' }, '--id x is no number of a rule: write a whole number such as 942100'],
  ] as [string, Arguments['options'], string][])
    await assert.rejects(ask(word, options), new UsageError(says));
  await assert.rejects(ask('test', { raw: 'none' }), /none cannot be read: ENOENT/);
});
