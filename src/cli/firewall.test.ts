// `firewall show` and `firewall simulate`, by a gate that answers, or over a configuration file where none does.

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { UsageError } from './command.ts';
import { firewall } from './firewall.ts';

const file = `listen:
  - { port: 8443 }
sites:
  - host: example.com
    to: [localhost:3000]
firewall:
  rules:
    - allow tcp 443 from any                    # HTTPS from anywhere
    - allow tcp 22 from 10.0.0.0/8              # SSH from the internal network only
    - { action: deny, protocol: all, port: all, source: 0.0.0.0/0, description: Block everything else }
`;

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portcullis-firewall-'));
  await writeFile(join(directory, 'portcullis.yaml'), file);
});
after(() => rm(directory, { recursive: true }));

async function run(words: string[], options: Record<string, string | boolean> = {}, cwd = directory) {
  let [stdout, stderr] = ['', ''];
  const world = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: {},
    cwd,
    stop: new AbortController().signal,
  };
  const code = await firewall.run({ words, options: { 'data-dir': directory, ...options } }, world);
  return { code, stdout, stderr };
}

test('show prints the columns of the guide, and where each rule is written', async () => {
  const { code, stdout, stderr } = await run(['show']);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  const rows = stdout
    .trimEnd()
    .split('\n')
    .map((row) => row.trim().split(/ {2,}/));
  assert.deepEqual(rows, [
    ['Rule #', 'Action', 'Protocol', 'Port', 'Source', 'Description', 'Where'],
    ['1', 'ALLOW', 'TCP', '443', 'any', 'HTTPS from anywhere', 'portcullis.yaml:8'],
    ['2', 'ALLOW', 'TCP', '22', '10.0.0.0/8', 'SSH from the internal network only', 'portcullis.yaml:9'],
    ['3', 'DENY', 'ALL', 'ALL', '0.0.0.0/0', 'Block everything else', 'portcullis.yaml:10'],
    ['default', 'DENY', 'ALL', 'ALL', 'any', 'Whatever no rule matches'],
  ]);
});

const gateRule = {
  number: 1,
  action: 'ALLOW',
  protocol: 'TCP',
  ports: '8443',
  source: 'any',
  description: 'what the gate runs by',
  at: 'other.yaml:3',
};

test('show tells the rules and hits of a running gate, and those of a file where one is named', async () => {
  const gate = await answering({ rules: [{ ...gateRule, hits: 10 }], default: 'DENY', defaultHits: 7 });
  try {
    const { stdout, stderr } = await run(['show']);
    assert.equal(stderr, `the rules of the running gate (${directory}); --config FILE asks a file instead\n`);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((row) => row.trim().split(/ {2,}/));
    assert.deepEqual(rows, [
      ['Rule #', 'Action', 'Protocol', 'Port', 'Source', 'Description', 'Hits', 'Where'],
      ['1', 'ALLOW', 'TCP', '8443', 'any', 'what the gate runs by', '10', 'other.yaml:3'],
      ['default', 'DENY', 'ALL', 'ALL', 'any', 'Whatever no rule matches', '7'],
    ]);
    const json = JSON.parse((await run(['show'], { json: true })).stdout);
    assert.deepEqual(json, { rules: [{ ...gateRule, hits: 10 }], default: 'DENY', defaultHits: 7, gate: true });
    const config = join(directory, 'portcullis.yaml');
    assert.equal(JSON.parse((await run(['show'], { json: true, config })).stdout).gate, false);
    assert.deepEqual(gate.questions, [{ ask: 'firewall' }, { ask: 'firewall' }]);
  } finally {
    await gate.close();
  }
});

test('simulate asks the running gate, in a directory without a configuration too', async () => {
  const { action, number: rule, description, at } = gateRule;
  const gate = await answering({ journey: { firewall: { action, rule, description, at, us: 1 } } });
  try {
    const { code, stdout } = await run(['simulate'], { from: '203.0.113.7', to: ':53/udp' }, tmpdir());
    assert.equal(code, 0);
    assert.equal(stdout, 'ALLOW  rule 1 "what the gate runs by" (other.yaml:3)\n       udp 203.0.113.7 → :53\n');
    assert.deepEqual(gate.questions, [{ ask: 'rehearse', from: '203.0.113.7:52431', to: ':53/udp' }]);
  } finally {
    await gate.close();
  }
});

test('without a gate and without a file, both say that the file is missing', async () => {
  const packet = { from: '203.0.113.7', to: ':53/udp' };
  for (const [word, options] of [
    ['show', {}],
    ['simulate', packet],
  ] as const)
    await assert.rejects(run([word], options, join(directory, 'empty')), /there is no portcullis\.yaml in/);
});

test('show as JSON says that no gate was asked', async () => {
  const json = JSON.parse((await run(['show'], { json: true })).stdout);
  assert.equal(json.gate, false);
  assert.deepEqual(json.rules[1], {
    number: 2,
    action: 'ALLOW',
    protocol: 'TCP',
    ports: '22',
    source: '10.0.0.0/8',
    description: 'SSH from the internal network only',
    at: 'portcullis.yaml:9',
    hits: null,
  });
});

const packets: readonly (readonly [string, string, string])[] = [
  [
    '203.0.113.7:52431',
    ':5432/tcp',
    'DENY  rule 3 "Block everything else" (portcullis.yaml:10)\n       tcp 203.0.113.7:52431 → :5432\n',
  ],
  ['72.14.200.1', '443', 'ALLOW  rule 1 "HTTPS from anywhere" (portcullis.yaml:8)\n       tcp 72.14.200.1 → :443\n'],
  [
    '::ffff:10.0.5.22',
    '[2001:db8::1]:22',
    'ALLOW  rule 2 "SSH from the internal network only" (portcullis.yaml:9)\n       tcp 10.0.5.22 → :22\n',
  ],
  [
    '[2001:DB8::7]:40000',
    '93.184.216.34:53/UDP',
    'DENY  the default: no rule matches\n       udp [2001:db8::7]:40000 → :53\n',
  ],
];

test('simulate names the rule that decides, and exits 0 whatever it decides', async () => {
  for (const [from, to, expected] of packets) {
    const { code, stdout } = await run(['simulate'], { from, to });
    assert.deepEqual([code, stdout], [0, expected]);
  }
});

test('simulate as JSON', async () => {
  const { stdout } = await run(['simulate'], { from: '203.0.113.7:52431', to: ':5432/tcp', json: true });
  assert.deepEqual(JSON.parse(stdout), {
    action: 'DENY',
    rule: 3,
    description: 'Block everything else',
    at: 'portcullis.yaml:10',
    protocol: 'tcp',
    from: '203.0.113.7:52431',
    to: ':5432',
    gate: false,
  });
});

const misuses: readonly (readonly [string[], Record<string, string>])[] = [
  [[], {}],
  [['list'], {}],
  [['show', 'more'], {}],
  [['show'], { from: '10.0.0.1' }],
  [['simulate'], {}],
  [['simulate'], { from: '10.0.0.1' }],
  [['simulate'], { from: 'nobody:80', to: ':443/tcp' }],
  [['simulate'], { from: '10.0.0.1:99999', to: ':443/tcp' }],
  [['simulate'], { from: '10.0.0.1:', to: ':443/tcp' }],
  [['simulate'], { from: '[2001:db8::7]80', to: ':443/tcp' }],
  [['simulate'], { from: '[2001:db8::7', to: ':443/tcp' }],
  [['simulate'], { from: '10.0.0.1', to: ':443/icmp' }],
  [['simulate'], { from: '10.0.0.1', to: ':65536' }],
  [['simulate'], { from: '10.0.0.1', to: 'nowhere:443' }],
  [['simulate'], { from: '10.0.0.1', to: ':' }],
];

test('wrong usage is named as such', async () => {
  for (const [words, options] of misuses)
    await assert.rejects(run(words, options), UsageError, JSON.stringify([words, options]));
});

test('problems of the rules are printed with their place', async () => {
  const config = join(directory, 'wrong.yaml');
  await writeFile(config, file.replace('allow tcp 443', 'alow tcp 443'));
  await assert.rejects(run(['show'], { config }), /wrong\.yaml:8:7[\s\S]*did you mean `allow`\?/);
});

/** A gate that answers everything with `value`, and what it was asked. */
async function answering(value: unknown) {
  const questions: unknown[] = [];
  const server: Server = createServer((socket) =>
    socket.once('data', (question) => {
      questions.push(JSON.parse(String(question)));
      socket.end(JSON.stringify({ ok: true, value }));
    }),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(join(directory, 'control.sock'), resolve);
  });
  return { questions, close: () => new Promise((resolve) => server.close(resolve)) };
}

test('analyse names what is odd with its line and a packet, and ends with 1', async () => {
  const odd = join(directory, 'odd.yaml');
  await writeFile(odd, file.replace('    - allow tcp 22', '    - allow tcp 5432 from any\n    - allow tcp 22'));
  const { code, stdout, stderr } = await run(['analyse'], { config: odd });
  assert.equal(stderr, '');
  assert.equal(
    stdout,
    'too-wide  odd.yaml:9\n' +
      '  rule 2 lets the internet reach PostgreSQL (tcp 5432), for example tcp 203.0.113.7 → :5432\n' +
      '  for example  tcp 203.0.113.7 → :5432\n' +
      '  instead      name the networks that need it\n' +
      '\n4 rules: 1 too-wide\n',
  );
  assert.equal(code, 1);
  const json = JSON.parse((await run(['analyse'], { config: odd, json: true })).stdout);
  assert.deepEqual(
    [json.ok, json.findings[0].kind, json.findings[0].witness],
    [false, 'too-wide', { protocol: 'tcp', source: '203.0.113.7', port: 5432 }],
  );
  const whole = await run(['analyse']);
  assert.deepEqual([whole.code, whole.stdout], [0, 'nothing is odd about 3 rules\n']);
});

test('diff says what the second file opens and closes', async () => {
  const other = join(directory, 'other.yaml');
  await writeFile(
    other,
    file
      .replace('22 from 10.0.0.0/8', '22 from 10.0.0.0/9')
      .replace('    - allow tcp 443', '    - allow udp 53 from any\n    - allow tcp 443'),
  );
  const { code, stdout } = await run(['diff', 'portcullis.yaml', other]);
  assert.equal(
    stdout,
    'opens udp 53 to any\n  for example  udp 203.0.113.7 → :53\n' +
      'closes tcp 22 to 10.128.0.0/9\n  for example  tcp 10.128.0.1 → :22\n',
  );
  assert.equal(code, 1);
  assert.deepEqual(JSON.parse((await run(['diff', other, other], { json: true })).stdout), {
    equivalent: true,
    changes: [],
  });
  assert.equal((await run(['diff', other, other])).stdout, 'both decide every packet alike\n');
  await assert.rejects(run(['diff', other]), new UsageError('say A and B: diff A B'));
  await assert.rejects(run(['diff', other, other, 'x']), new UsageError('"x" is not expected behind "diff"'));
});

test('import prints rules as YAML, finds out the form, and says what it cannot read', async () => {
  await writeFile(
    join(directory, 'ufw.txt'),
    'Status: active\n\nTo  Action  From\n--  ------  ----\n22/tcp  ALLOW  10.0.0.0/8  # SSH\n',
  );
  const { code, stdout, stderr } = await run(['import', 'ufw.txt']);
  assert.equal(code, 0);
  assert.match(stdout, /^firewall:\n {2}default: deny\n {2}rules:\n {4}- allow tcp 22 from 10\.0\.0\.0\/8 {2}# SSH\n/m);
  assert.equal(stderr, 'ufw: 1 rule, 1 note about what is none\n');
  await writeFile(join(directory, 'odd.txt'), 'hello');
  await assert.rejects(
    run(['import', 'odd.txt']),
    /^Error: odd\.txt is in no form that is known here; --format NAME says which it is:\n {2}iptables-save +iptables-save or/,
  );
  await assert.rejects(run(['import', 'odd.txt'], { format: 'nft' }), /^Error: odd\.txt is no nft: it is no JSON: /);
  await assert.rejects(
    run(['import', 'odd.txt'], { format: 'iptable-save' }),
    new UsageError('--format iptable-save is none of iptables-save, nft, ufw, aws; did you mean iptables-save?'),
  );
  await assert.rejects(run(['import', 'none.txt']), /^Error: none\.txt cannot be read: ENOENT/);
  await assert.rejects(run(['import']), new UsageError('say FILE: import FILE'));
});
