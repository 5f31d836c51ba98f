// What a gate says and leaves behind when it cannot start, or when what it is shown was meant to deceive.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { keyPem, newKey, writeLeaf } from '../src/tls/certificate-writer.ts';
import { type Circumstances, type Ended, portcullis, type Running, runToEnd, start } from './portcullis-process.ts';

let folder: string;
/** Something that is there to be listened on, called, and in the way. */
let holder: Server;
let held: number;
/** Gates that were started; a failed test may have left one. */
const gates: Running[] = [];

before(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'portcullis-bad-input-')));
  chmodSync(folder, 0o755);
  holder = createServer((socket) => socket.destroy());
  await once(holder.listen(0, '127.0.0.1'), 'listening');
  held = (holder.address() as AddressInfo).port;
});
after(() => {
  holder.close();
  for (const { child } of gates) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** The words that a gate here needs; what a case is about replaces some. */
interface Words {
  readonly listen?: string;
  readonly to?: string | number;
  readonly more?: string;
}

/** Writes a configuration and gives the words that run it, with a data directory of its own. */
function configured(name: string, { listen = '{ port: 0, address: 127.0.0.1 }', to = held, more = '' }: Words = {}) {
  const text = `listen:\n  - ${listen}\nfirewall: { default: allow }\nsites:\n  - { host: '*', to: '${to}' }\n${more}`;
  writeFileSync(join(folder, `${name}.yaml`), text);
  return ['--config', `${name}.yaml`, '--data-dir', join(folder, name)];
}

const secure = '{ port: 0, address: 127.0.0.1, tls: true }';

/** Somebody without privileges: this user, or nobody where this user is root. */
const unprivileged: Circumstances =
  process.getuid?.() === 0
    ? { through: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'] }
    : {};

/** Runs `run` to its end: it is not to start. */
async function refused(words: readonly string[], more: Circumstances = {}): Promise<string> {
  const gate = start(['run', ...words], { cwd: folder, ...more });
  // Because one that starts all the same would stay for ever.
  gate.child.stdout.once('data', () => gate.child.kill('SIGKILL'));
  const { code, stdout, stderr } = await gate.ended;
  assert.equal(stdout, '', `nothing stands\n${stderr}`);
  assert.equal(code, 1, stderr);
  return stderr;
}

async function started(words: readonly string[]): Promise<Running & { port: number }> {
  const gate = start(['run', ...words], { cwd: folder });
  gates.push(gate);
  const [, port] = await gate.says(/listens on 127\.0\.0\.1:(\d+)[\s\S]*Ctrl-C ends it/);
  return { ...gate, port: Number(port) };
}

/** What a gate answers to these bytes, until it closes. */
async function talk(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  socket.write(bytes, 'latin1');
  await once(socket, 'close');
  return text;
}

const get = (target: string, fields = '') =>
  `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${fields}\r\n`;

const idIn = (answer: string) => /^x-request-id: (\S+)/im.exec(answer)![1]!;

describe('a wrong configuration', () => {
  const wrong = `listen:
  - { port: 70000, tls: yes }
  - { prot: 8080 }
firewal: {}
firewall:
  rules:
    - alow tcp 443 from any
sites:
  - host: exa mple.com
    to: [localhost]
rates:
  - limit: 500 in 10s
`;
  const expected = `wrong.yaml:2:13  config/invalid
    - { port: 70000, tls: yes }
              ^^^^^ expected a whole number from 0 to 65,535, found 70000

wrong.yaml:2:25  config/invalid
    - { port: 70000, tls: yes }
                          ^^^ expected true or false, found "yes"
  write true

wrong.yaml:3:7  config/unknown-key
    - { prot: 8080 }
        ^^^^ no setting is called "prot" here
  did you mean port?

wrong.yaml:4:1  config/unknown-key
  firewal: {}
  ^^^^^^^ no setting is called "firewal" here
  did you mean firewall?

`;

  for (const command of ['run', 'check'])
    it(`is told whole by ${command}, with places and nearest names, and nothing is started or made`, async () => {
      writeFileSync(join(folder, 'wrong.yaml'), wrong);
      const before = readdirSync(folder);
      const words = [command, '--config', 'wrong.yaml', '--data-dir', 'wrong'];
      const { code, stdout, stderr } = await runToEnd(words, { cwd: folder });
      assert.deepEqual([code, stdout], [1, '']);
      assert.equal(stderr.slice(0, expected.length), expected);
      assert.match(stderr, /^wrong\.yaml:7:7 {2}firewall\/\S+\n.*\n +\^+ .*"alow".*\n {2}did you mean `allow`\?$/m);
      assert.match(stderr, /^wrong\.yaml:9:11 {2}config\/invalid\n.*\n +\^+ "exa mple\.com" is not a host name$/m);
      assert.match(stderr, /^wrong\.yaml:10:10 {2}config\/invalid\n.*\n +\^+ the upstream "localhost" has no port$/m);
      assert.match(stderr, /^wrong\.yaml:12:16 {2}config\/invalid\n.*\n +\^+ expected "per" after the number/m);
      assert.match(stderr, /\n8 problems in wrong\.yaml\n$/);
      assert.deepEqual(readdirSync(folder), before);
    });

  const files: readonly (readonly [string, string | null, RegExp])[] = [
    ['gone', null, /^gone\.yaml {2}config\/no-file\n {2}there is no such file\n {2}`portcullis init` writes one/],
    ['torn', 'listen: [', /^torn\.yaml:1:\d+ {2}config\/yaml\n/],
    ['steering', 'listen:\n  - { port: 1, "\x1b[2J\u202e": 2 }\n', /^steering\.yaml:2:16 {2}config\/unknown-key$/m],
  ];
  for (const [name, text, message] of files)
    it(`that is ${name} is told, without steering the terminal`, async () => {
      if (text !== null) writeFileSync(join(folder, `${name}.yaml`), text);
      const stderr = await refused(['--config', `${name}.yaml`, '--data-dir', name]);
      assert.match(stderr, message);
      assertHarmless(stderr);
    });
});

describe('a place to listen', () => {
  it('that somebody else has is told with the process that has it', async () => {
    const stderr = await refused(configured('in-use', { listen: `{ port: ${held}, address: 127.0.0.1 }`, to: 1 }));
    assert.match(stderr, new RegExp(`^portcullis: cannot listen on 127\\.0\\.0\\.1:${held}: .*\\b${process.pid}\\b`));
    assert.match(stderr, /\n {2}stop it, or choose another port\n$/);
    assert.equal(existsSync(join(folder, 'in-use', 'control.sock')), false);
  });

  it('below 1024 is told with the capability that is missing', async () => {
    mkdirSync(join(folder, 'low'));
    chmodSync(join(folder, 'low'), 0o777);
    const words = configured('low', { listen: '{ port: 81, address: 127.0.0.1 }' });
    const stderr = await refused([...words.slice(0, 2), '--data-dir', join(folder, 'low/data')], unprivileged);
    assert.match(
      stderr,
      /^portcullis: cannot listen on 127\.0\.0\.1:81: .* CAP_NET_BIND_SERVICE, which this process lacks\n/,
    );
    assert.match(
      stderr,
      /AmbientCapabilities=CAP_NET_BIND_SERVICE, or: sysctl net\.ipv4\.ip_unprivileged_port_start=81/,
    );
  });

  it('on an address that this machine has not is told', async () => {
    const stderr = await refused(configured('foreign', { listen: '{ port: 0, address: 192.0.2.1 }' }));
    assert.match(stderr, /^portcullis: cannot listen on 192\.0\.2\.1:0: no interface of this machine has the address/);
  });

  it('is given back where a later one cannot be had', async () => {
    const words = configured('second', { listen: `${secure}\n  - { port: ${held}, address: 127.0.0.1 }`, to: 1 });
    assert.match(await refused(words), new RegExp(`cannot listen on 127\\.0\\.0\\.1:${held}`));
  });
});

describe('a data directory', () => {
  const cases: readonly (readonly [string, string, () => string, RegExp])[] = [
    [
      'that may not be written',
      '{ port: 0, address: 127.0.0.1 }',
      () => folder,
      /^portcullis: the data directory \S+ cannot be used: this user may not write there\n {2}name one that only this user may write: --data-dir/,
    ],
    [
      'that may not be written, with a CA to keep',
      secure,
      () => folder,
      /: tls\.local_names {2}tls\/data-directory-unusable\n {2}the local CA cannot be kept in \S+ as user \S+ \(EACCES\)\n {2}make the directory writable/,
    ],
    [
      'that is a file',
      '{ port: 0, address: 127.0.0.1 }',
      () => join(folder, 'shut.yaml'),
      /cannot be used: a file of that name is in the way/,
    ],
  ];
  for (const [name, listen, directory, message] of cases)
    it(`${name} is told`, async () => {
      const words = configured('shut', { listen });
      assert.match(await refused([...words.slice(0, 2), '--data-dir', directory()], unprivileged), message);
    });

  it('in use by a gate that runs is told with its process', async () => {
    const words = configured('shared');
    const gate = await started(words);
    const stderr = await refused(words);
    assert.match(
      stderr,
      new RegExp(`^portcullis: a gate already runs with this data directory \\(pid ${gate.child.pid}\\)`),
    );
    assert.equal((await gate.stop()).code, 0);
  });

  it('left by a gate that was killed serves the next', async () => {
    const words = configured('killed');
    await (await started(words)).stop('SIGKILL');
    assert.equal(existsSync(join(folder, 'killed', 'control.sock')), true);
    assert.equal((await (await started(words)).stop()).code, 0);
  });
});

describe('a certificate', () => {
  const key = newKey();
  const day = 86_400_000;
  const signed = (from: number, until: number) =>
    writeLeaf(
      { commonName: 'example.com', notBefore: Date.now() + from * day, notAfter: Date.now() + until * day },
      ['example.com'],
      key,
      { commonName: 'Test CA', key: newKey() },
    );
  const good = signed(-1, 30);
  const cases: readonly (readonly [string, string | null, string | null, RegExp])[] = [
    ['that is no certificate', 'garbage', keyPem(key), /:\d+:22 {2}tls\/not-pem\n/],
    ['that is damaged', good.split('\n').toSpliced(3, 1).join('\n'), keyPem(key), / {2}tls\/\S+\n/],
    [
      'with the key of another',
      good,
      keyPem(newKey()),
      / {2}tls\/key-mismatch\n[\s\S]* is not the key of the certificate/,
    ],
    ['whose key is missing', good, null, / {2}tls\/file-unreadable\n[\s\S]*there is no such file/],
    ['that has expired', signed(-30, -1), keyPem(key), / {2}tls\/expired\n[\s\S]* expired on \d{4}-\d\d-\d\d/],
    ['that is not valid yet', signed(1, 30), keyPem(key), / {2}tls\/not-yet-valid\n/],
    ['exchanged with its key', keyPem(key), good, / {2}tls\/files-swapped\n[\s\S]*exchange the paths/],
  ];
  for (const [name, certificate, keyText, message] of cases)
    it(`${name} is told with its place, by check and by run, and nothing is made`, async () => {
      for (const [file, text] of [
        ['site.crt', certificate],
        ['site.key', keyText],
      ] as const)
        if (text === null) rmSync(join(folder, file), { force: true });
        else writeFileSync(join(folder, file), text);
      const more = 'tls:\n  certificates:\n    - { certificate: site.crt, key: site.key }\n';
      const words = configured('certificate', { listen: secure, more });
      const stderr = await refused(words);
      assert.match(stderr, message);
      assert.match(stderr, /^certificate\.yaml:8:\d+ {2}tls\//);
      const checked = await runToEnd(['check', ...words], { cwd: folder });
      assert.deepEqual([checked.code, checked.stderr], [1, stderr]);
      assert.equal(existsSync(join(folder, 'certificate')), false);
    });
});

describe('a damaged store of the local CA', () => {
  const damages: readonly (readonly [string, (ca: string) => void, string])[] = [
    ['a certificate that is none', (ca) => writeFileSync(join(ca, 'ca.crt'), 'junk'), 'ca.crt is not a certificate'],
    ['a key that is gone', (ca) => rmSync(join(ca, 'ca.key')), 'ca.key is missing'],
    ['a key that is none', (ca) => writeFileSync(join(ca, 'ca.key'), 'junk'), 'ca.key is not a private key'],
  ];
  for (const [name, damage, says] of damages)
    it(`${name}: is made anew, with a warning, and the old files stay`, async () => {
      const words = configured('store', { listen: secure });
      await (await started(words)).stop();
      const ca = join(folder, 'store', 'ca');
      damage(ca);
      const gate = await started(words);
      const { code, stderr } = await gate.stop();
      assert.equal(code, 0);
      assert.match(stderr, / {2}tls\/local-ca-remade \(warning\)\n/);
      assert.ok(stderr.includes(says), stderr);
      assert.match(readFileSync(join(ca, 'ca.crt'), 'utf8'), /BEGIN CERTIFICATE/);
      assert.ok(readdirSync(ca).some((file) => file.endsWith('.replaced')));
      rmSync(join(folder, 'store'), { recursive: true });
    });
});

describe('an upstream', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'whose name does not resolve',
      'app.invalid:3000',
      /^warning: app\.invalid:3000 does not answer: its name does not resolve; requests get 502 until it does$/m,
    ],
    [
      'where nothing listens',
      '127.0.0.1:1',
      /^warning: 127\.0\.0\.1:1 does not answer: nothing listens there; requests get 502 until it does$/m,
    ],
  ];
  for (const [name, to, warning] of cases)
    it(`${name} lets the gate start, which answers 502 with an id that explain knows`, async () => {
      const gate = await started(configured('silent', { to }));
      const answer = await talk(gate.port, get('/'));
      assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\n/);
      assert.ok(answer.split('\r\n\r\n')[1]!.includes(idIn(answer)), 'the page names the id');
      const told = await runToEnd(['explain', idIn(answer), '--data-dir', 'silent'], { cwd: folder });
      assert.match(told.stdout, /^7 Response +502 /m);
      assert.match(told.stdout, /^Why +proxy\//m);
      const { code, stderr } = await gate.stop();
      assert.equal(code, 0);
      assert.match(stderr, warning);
    });

  it('that comes later is served as soon as it is there', async () => {
    const late = createServer((socket) =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate')),
    );
    await once(late.listen(0, '127.0.0.1'), 'listening');
    const { port } = late.address() as AddressInfo;
    await once(late.close(), 'close');
    const gate = await started(configured('late', { to: `127.0.0.1:${port}` }));
    assert.match(await talk(gate.port, get('/')), /^HTTP\/1\.1 502 /);
    await once(late.listen(port, '127.0.0.1'), 'listening');
    assert.match(await talk(gate.port, get('/')), /^HTTP\/1\.1 200 OK[\s\S]*late$/);
    late.close();
    await gate.stop();
  });
});

describe('a journal', () => {
  it('that cannot be written keeps the gate from starting, and says whose word it was', async () => {
    const option = await refused([...configured('journal'), '--journal', 'nowhere/journal.jsonl']);
    assert.match(option, /^portcullis: --journal nowhere\/journal\.jsonl: the journal cannot be written: /);
    const inFile = await refused(configured('journal', { more: 'journal: nowhere/journal.jsonl\n' }));
    assert.match(inFile, /^journal\.yaml:6:10 {2}observe\/journal-not-writable\n/);
    assert.equal(existsSync(join(folder, 'journal')), false);
  });
});

describe('the command line', () => {
  const cases: readonly (readonly [string[], string])[] = [
    [['stats'], 'portcullis: there is no command "stats"; did you mean status?\n'],
    [['\x1b[2J'], 'portcullis: there is no command "\\x1b[2J"\n'],
    [['status', '--jsn'], 'portcullis status: there is no option --jsn; did you mean --json?\n'],
    [['run', '--config'], 'portcullis run: --config needs a value: --config FILE\n'],
    [['run', '80a'], 'portcullis run: the port of the app is a number from 1 to 65535, not "80a"\n'],
    [['70000'], 'portcullis run: the port of the app is a number from 1 to 65535, not "70000"\n'],
    [
      ['run', '--port', '9000'],
      'portcullis run: --port and --http-port belong to `portcullis PORT`: the configuration has its own under `listen`\n',
    ],
    [
      ['3000', '--config', 'x.yaml'],
      'portcullis run: a port and --config exclude each other: the configuration says where its sites lead\n',
    ],
    [['explain'], 'portcullis explain: say what to explain: an id, FROM-IP:PORT, or --get TARGET\n'],
    [
      ['firewall', 'simulate', '--from', 'nobody'],
      'portcullis firewall: --from "nobody" is no IP:PORT; write 203.0.113.7:52431 or [2001:db8::7]:52431\n',
    ],
  ];
  for (const [words, message] of cases)
    it(`portcullis ${JSON.stringify(words)} is wrong usage, and says what is right`, async () => {
      const { code, stdout, stderr } = await runToEnd(words, { cwd: folder });
      assert.deepEqual([code, stdout], [2, '']);
      assert.equal(stderr.slice(0, message.length), message);
      assertHarmless(stderr);
    });

  it('without a gate that runs, says how to start one', async () => {
    for (const word of ['status', 'connections', 'explain ID'])
      assert.match(
        (await runToEnd([...word.split(' '), '--data-dir', 'none'], { cwd: folder })).stderr,
        /^portcullis: no gate is running with the data directory \S+\/none\n {2}start one with `portcullis run`/,
      );
  });
});

/** Asserts that text cannot move, hide or reorder anything on a terminal. */
function assertHarmless(text: string): void {
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const steers = (code < 32 && code !== 10 && code !== 13) || (code >= 0x7f && code < 0xa0);
    const reorders = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) || code === 0xfeff;
    assert.ok(!steers && !reorders, `U+${code.toString(16)} in ${JSON.stringify(text)}`);
  }
}

describe('bytes that would steer a terminal', () => {
  let gate: Running & { port: number };
  let words: string[];
  before(async () => {
    words = configured('hostile', { to: '127.0.0.1:1' });
    gate = await started([...words, '--journal', 'hostile.jsonl']);
  });
  after(() => gate.stop());

  /** What a command shows on a terminal. */
  async function shown(...asked: string[]): Promise<Ended> {
    const line = [process.execPath, portcullis, ...asked, '--no-color'].map((word) => `'${word}'`).join(' ');
    const through = ['sh', '-c', 'exec script -qefc "exec $LINE" /dev/null'];
    return await runToEnd([], { cwd: folder, env: { LINE: line }, through });
  }

  const escapes = '\x9b2J\x9d0;owned\x9c \xe2\x80\xae';
  const requests: readonly (readonly [string, string, RegExp])[] = [
    ['a header value', get('/', `User-Agent: sqlmap ${escapes}\r\n`), /User-Agent|user-agent/],
    ['an argument, decoded', get('/?q=<script>%1b[2J%c2%9b2J%e2%80%ae</script>'), /ARGS:q = "<script>\\x1b\[2J/],
    ['a cookie', get('/', `Cookie: theme=${escapes}%1b[2J'%20OR%201=1--\r\n`), /./],
    ['a path', get('/files/%1b]0;owned%07/../../../etc/passwd'), /\/files\/|\.\.\//],
    ['a host', `GET / HTTP/1.1\r\nHost: ${escapes}\r\n\r\n`, /./],
    ['a field name', get('/', `\x1b[2J: x\r\n`), /./],
    ['a request line', `G\x1b[2JT / HTTP/1.1\r\n\r\n`, /./],
  ];
  for (const [name, bytes, evidence] of requests)
    it(`in ${name} are shown as text by explain and connections`, async () => {
      const open = connect(gate.port, '127.0.0.1');
      const answer = await talk(gate.port, bytes);
      assert.match(answer, /^HTTP\/1\.1 [45]\d\d /);
      const text = await shown('explain', idIn(answer), '--data-dir', join(folder, 'hostile'));
      assert.equal(text.code, 0, text.stdout);
      assert.match(text.stdout, evidence);
      assertHarmless(text.stdout);
      const json = await runToEnd(['explain', idIn(answer), '--json', ...words.slice(2)], { cwd: folder });
      assert.equal(JSON.parse(json.stdout).id, idIn(answer));
      assertHarmless(json.stdout);
      for (const asked of ['connections', 'status'])
        assertHarmless((await shown(asked, '--data-dir', join(folder, 'hostile'))).stdout);
      open.destroy();
    });
});
