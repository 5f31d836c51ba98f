// Every command and every example of its help, as a person types them, against a gate that a person would have set up.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { Agent, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { freePorts } from './free-ports.ts';
import { compileCache, portcullis, type Running, runToEnd, start } from './portcullis-process.ts';

let folder: string;
let app: Server;
let appPort: number;
let port: number;
let httpPort: number;
let gate: Running;
let kept: Agent;
let blockedId: string;
let passedId: string;
/** The client's end of the connection that stays open. */
let clientPort: number;
/** Answers that the application has not given yet. */
const waiting: ServerResponse[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-commands-'));
  writeFileSync(join(folder, 'portcullis'), `#!/bin/sh\nexec '${process.execPath}' '${portcullis}' "$@"\n`);
  chmodSync(join(folder, 'portcullis'), 0o755);
  app = createServer((asked, answer) => {
    if (asked.url === '/slow') waiting.push(answer);
    else answer.end(`hello ${asked.url}\n`);
  });
  await once(app.listen(0, '127.0.0.1'), 'listening');
  appPort = (app.address() as AddressInfo).port;
  [port, httpPort] = (await freePorts(2)) as [number, number];
  await setUp(folder, port!, httpPort!);
  gate = start(['run', '--journal', 'journal.1'], { cwd: folder, env: environment(folder) });
  await gate.says(/^Ctrl-C ends it$/m);
  kept = new Agent({ keepAlive: true, maxSockets: 1, ca: readFileSync(join(folder, 'data/ca/ca.crt')) });
  passedId = await send('/hello?name=Ada');
  blockedId = await send('/users?id=1;DROP%20TABLE%20users;--');
  // Because workers tell the history what happened every half second.
  const told = () => runToEnd(['logs', '--json'], { cwd: folder, env: environment(folder) });
  while (!(await told()).stdout.includes(blockedId)) await new Promise(setImmediate);
});

after(async () => {
  kept.destroy();
  for (const answer of waiting) answer.end();
  await gate.stop('SIGKILL');
  app.close();
  app.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
});

/** `portcullis init`, and the edit that a person makes then. */
async function setUp(where: string, secure: number, plain: number): Promise<void> {
  const words = [
    'init',
    '--to',
    String(appPort),
    '--host',
    '*',
    '--port',
    String(secure),
    '--http-port',
    String(plain),
  ];
  const { code } = await runToEnd(words, { cwd: where });
  assert.equal(code, 0);
  const file = join(where, 'portcullis.yaml');
  const text = `${readFileSync(file, 'utf8').replace('local_names: [localhost', 'local_names: [localhost, example.com')}
# Because the connection that the commands are asked about must outlive all of them, on a busy machine too.
limits:
  idle_timeout: 1h
`;
  assert.ok(text.includes('example.com'));
  writeFileSync(file, text);
  writeFileSync(join(where, 'staging.yaml'), text);
  writeFileSync(
    join(where, 'iptables.txt'),
    '*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n-A INPUT -p icmp -j ACCEPT\nCOMMIT\n',
  );
}

function environment(where: string): Record<string, string> {
  return {
    PATH: `${folder}:${process.env.PATH}`,
    NODE_COMPILE_CACHE: compileCache,
    PORTCULLIS_DATA: join(where, 'data'),
  };
}

/** A request over the connection that stays open; gives its id. */
async function send(path: string, agent = kept): Promise<string> {
  const asked = request({ host: 'localhost', port, path, agent });
  asked.once('socket', (socket) => socket.once('secureConnect', () => (clientPort = socket.localPort!)));
  asked.end();
  const [answer] = await once(asked, 'response');
  await once(answer.resume(), 'end');
  return String(answer.headers['x-request-id']);
}

/** Runs a line of the help as it stands there, in a shell. */
function type(line: string, where = folder) {
  const words = ['-c', line.replace(/^portcullis/, 'exec portcullis')];
  const child = spawn('sh', words, {
    cwd: where,
    env: environment(where),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, ended, stdout: () => stdout };
}

/** What an example is expected to do. `really` is the line as it is run here: ports, ids and names of this test for those of the manual. */
interface Expected {
  readonly really?: (line: string) => string;
  readonly code?: number;
  /** What the answer for people says; each must match. */
  readonly says: readonly RegExp[];
  /** Looks at the answer for programs; null where the example has none. */
  readonly json: ((told: never) => void) | null;
  /** Whether it goes on until Ctrl-C. */
  readonly stays?: true;
  /** Runs in a folder of its own, set up by `init`. */
  readonly apart?: true;
}

const here = (line: string) =>
  line
    .replace('203.0.113.7:52431 192.0.2.1:443', `127.0.0.1:${clientPort} 127.0.0.1:${port}`)
    .replace('01JDX3M8RN', blockedId)
    .replace('8443', String(port))
    .replace('8080', String(httpPort));

const chosen = (line: string) => `${line.replace(/ --port \d+ --http-port \d+/, '')} --port 0 --http-port 0`;

/** The journey of the request that was refused. */
function isBlocked(journey: { id: string; verdict: { why: string; place: string }; upstream: unknown }): void {
  assert.equal(journey.id, blockedId);
  assert.deepEqual(
    [journey.verdict.why, journey.verdict.place, journey.upstream],
    ['waf/sql-injection', 'ARGS:id', null],
  );
}

const blocked = [
  /^3 Firewall +ALLOW +rule 1 "HTTPS from anywhere" \(portcullis\.yaml:\d+\)/m,
  /^5 WAF +BLOCK +sql-injection/m,
];

const isReady = ({ ready, addresses }: { ready: boolean; addresses: { port: number; tls: boolean }[] }) => {
  assert.equal(ready, true);
  assert.deepEqual(
    addresses.map(({ tls }) => tls),
    [true, false],
  );
};

const stands = [/^the gate stands \(pid \d+/m, /^ {2}listens on \S+:\d+ tls$/m, /^ {2}listens on \S+:\d+ redirect$/m];

/** Because the gate of this test has its rules at accept alone, nothing of the machine's kernel is touched; test/kernel does that in namespaces. */
/** Makes a directory that is a machine to update-ca-certificates. */
const inImage =
  'mkdir -p image/usr/local/share/ca-certificates image/usr/share/ca-certificates image/etc/ssl/certs && : > image/etc/ca-certificates.conf';

const notInTheKernel: Expected = {
  really: (line) => `${here(line)} 2>&1`,
  code: 1,
  says: [/^portcullis: the configuration does not have the rules in the kernel$/m],
  json: null,
};

/** What would change the kernel of the machine that tests run on: its help is asked instead. */
const notRun: Expected = {
  really: () => 'portcullis rollback --help',
  says: [/^usage: portcullis rollback \[NUMBER\]$/m],
  json: null,
};

/** It would end the gate that the others ask: `test/upgrade.test.ts` runs it. */
const notUpgraded: Expected = {
  really: () => 'portcullis upgrade --help',
  says: [/^usage: portcullis upgrade \[PROGRAM\] \[--data-dir DIRECTORY\]$/m],
  json: null,
};

const expectations: Readonly<Record<string, Expected>> = {
  'portcullis run': { stays: true, apart: true, says: [...stands, /portcullis\.yaml\)$/m], json: isReady },
  'portcullis 3000': {
    really: (line) => chosen(line.replace('3000', String(appPort))),
    stays: true,
    apart: true,
    says: [...stands, /^ {2}https:\/\/localhost:\d+ → localhost:\d+$/m],
    json: isReady,
  },
  'portcullis run --config staging.yaml --journal journal.jsonl': {
    stays: true,
    apart: true,
    says: [...stands, /staging\.yaml\)$/m],
    json: isReady,
  },
  'portcullis init --to 3000 --host example.com': {
    really: (line) => `rm -f portcullis.yaml && ${line}`,
    apart: true,
    says: [/^wrote portcullis\.yaml\n {2}portcullis check /],
    json: (told: { file: string }) => assert.deepEqual(told, { file: 'portcullis.yaml' }),
  },
  'portcullis init --port 8443 --http-port 8080': {
    really: (line) => `rm -f portcullis.yaml && ${line}`,
    apart: true,
    says: [/^wrote portcullis\.yaml\n/],
    json: (told: { file: string }) => assert.deepEqual(told, { file: 'portcullis.yaml' }),
  },
  'portcullis check': {
    says: [
      /^portcullis\.yaml is right: 2 listeners, 2 firewall rules \(default deny\), 1 site, WAF block, 1 rate limit$/m,
    ],
    json: (told: { ok: boolean; problems: unknown[] }) => assert.deepEqual([told.ok, told.problems], [true, []]),
  },
  'portcullis check --config staging.yaml --json': {
    says: [/^\{"ok":true,"file":"staging\.yaml","problems":\[\],"warnings":\[\]\}$/m],
    json: null,
  },
  'portcullis check --schema > portcullis.schema.json': {
    really: (line) => `${line.replace('portcullis', './portcullis')} && cat portcullis.schema.json`,
    says: [/"title": "portcullis\.yaml"/],
    json: null,
  },
  'portcullis reload': {
    says: [/^reloaded, generation \d+ in \d+ ms\n {2}nothing changed$/m],
    json: (told: { generation: number; changes: string[] }) => assert.deepEqual(told.changes, []),
  },
  'portcullis reload --json': { says: [/"changes":\[\],"warnings":\[\]/], json: null },
  'portcullis replay journal.1 --with portcullis.yaml': {
    says: [/^\d+ requests decided once more: \d+ as before, 0 newly refused, 0 newly let through$/m],
    json: (told: { decided: number; refused: number }) => {
      assert.ok(told.decided > 0);
      assert.equal(told.refused, 0);
    },
  },
  'portcullis purge --older-than 30d': {
    says: [/^0 journeys of the history are deleted, and 0 that were remembered are forgotten\./m],
    json: (told: { journeys: number; remembered: number }) => assert.deepEqual(told, { journeys: 0, remembered: 0 }),
  },
  'portcullis purge --client 203.0.113.7': {
    says: [/^0 journeys of the history are deleted/m],
    json: (told: { journeys: number }) => assert.equal(told.journeys, 0),
  },
  'portcullis upgrade': notUpgraded,
  'portcullis upgrade /opt/portcullis-1.1/bin/portcullis --json': notUpgraded,
  'portcullis status': {
    says: [
      /^gate +\d+\.\d+\.\d+, pid \d+, \d+ workers?, since /m,
      /^WORKER +PID +UP +OPEN +GENERATION$/m,
      /^connections +1 open of at most 16,000 \(idle 1\), 0 denied by the firewall, 0 over a limit$/m,
      /^requests +\d+ in all, /m,
      /^refused +waf\/sql-injection 1/m,
      /^memory +[\d.]+ MiB/m,
      /^descriptors +\d+ open of [\d,]+, [\d,]+ left$/m,
      /^UPSTREAM +SITE +HEALTH +IDLE +BUSY +FAILURES +PORTS USED +OF +FULL IN$/m,
    ],
    json: (told: Record<string, Record<string, number>>) => {
      assert.equal(told.connections!.open, 1);
      assert.ok(told.memory!.rssBytes! > 1e6);
      assert.equal(told.descriptors!.left, told.descriptors!.limit! - told.descriptors!.open!);
    },
  },
  'portcullis status --json': { says: [/"refusedByWhy":\{"waf\/sql-injection":1/], json: null },
  'portcullis connections': {
    says: [/^NUMBER +FROM +TO +LISTENER +RULE +STAGE +TLS +REQUESTS +IN +OUT +AGE$/m, /^1 open$/m],
    json: ({ total, rows }: { total: number; rows: Record<string, unknown>[] }) => {
      assert.equal(total, 1);
      const { from, to, listener, rule, stage, tls, requests } = rows[0]!;
      assert.deepEqual(
        { from, to, listener, rule, stage, tls, requests },
        {
          from: `127.0.0.1:${clientPort}`,
          to: `127.0.0.1:${port}`,
          listener: `:${port} tls`,
          rule: 'rule 1 "HTTPS from anywhere"',
          stage: 'idle',
          tls: 'TLSv1.3',
          requests: 2,
        },
      );
    },
  },
  'portcullis connections --watch --client 203.0.113.7': { stays: true, says: [/^1 open, 0 shown$/m], json: null },
  'portcullis connections --watch --sort rate': { stays: true, says: [/^NUMBER +FROM .+ AGE +RATE$/m], json: null },
  'portcullis connections --watch --json': { stays: true, says: [/^\{"total":1,"rows":\[\{"number":/], json: null },
  'portcullis logs': {
    says: [
      / pass +app +200 .+ GET \S+\/hello +\w{26}$/m,
      / block +waf +403 .+ GET \S+\/users +waf\/sql-injection rule \d+ +\w{26}$/m,
    ],
    json: (told: { id: string }[]) => assert.ok(told.some(({ id }) => id === blockedId)),
  },
  'portcullis logs --follow --verdict block': { stays: true, says: [/ block +waf +403 /m], json: null },
  'portcullis logs --client 203.0.113.0/24 --since 1h --limit 1000': {
    says: [/^nothing of that kind$/m],
    json: (told: unknown[]) => assert.deepEqual(told, []),
  },
  "portcullis logs --rule sql-injection --path '/users*'": {
    says: [/ block +waf +403 /m],
    json: (told: { id: string }[]) =>
      assert.deepEqual(
        told.map(({ id }) => id),
        [blockedId],
      ),
  },
  'portcullis logs --group --verdict block': {
    says: [/^ *COUNT +VERDICT /m, /^ *1 +block +waf +waf\/sql-injection +\d+ +\S+ +127\.0\.0\.0\/24 /m],
    json: ({ groups }: { groups: { count: number }[] }) => assert.equal(groups[0]!.count, 1),
  },
  'portcullis logs --follow --json': { stays: true, says: [/^\{"n":\d+,"id":"/m], json: null },
  'portcullis metrics': {
    says: [/^# TYPE portcullis_exchanges_total counter\nportcullis_exchanges_total\{site="\*",status="2xx"\} \d+$/m],
    json: ({ traffic }: { traffic: { exchanges: number } }) => assert.ok(traffic.exchanges >= 2),
  },
  'portcullis metrics --openmetrics': {
    says: [/^# UNIT portcullis_layer_duration_seconds seconds$/m, /# EOF\n$/],
    json: null,
  },
  'portcullis metrics --json': { says: [/"traffic":\{"exchanges":\d+/], json: null },
  'portcullis dashboard': {
    says: [/^http:\/\/127\.0\.0\.1:\d+\/#\/login\/\S+$/m],
    json: ({ link }: { link: string }) => assert.match(link, /#\/login\//),
  },
  'portcullis dashboard --new-token': {
    says: [/^admin: \{ tokens: \[\{ name: program, role: read, sha256: [0-9a-f]{64} \}\] \}$/m],
    json: ({ sha256 }: { sha256: string }) => assert.match(sha256, /^[0-9a-f]{64}$/),
  },
  'portcullis explain 01JDX3M8RN': { says: [...blocked, /^7 Response +403 /m], json: isBlocked },
  'portcullis explain 203.0.113.7:52431 192.0.2.1:443': {
    says: [...blocked, /^6 Server +127\.0\.0\.1:\d+ → 127\.0\.0\.1:\d+/m],
    json: (told: { id: string }[]) =>
      assert.deepEqual(
        told.map(({ id }) => id),
        [blockedId, passedId],
      ),
  },
  "portcullis explain --get '/users?id=1;DROP TABLE users;--'": {
    says: [...blocked, /^7 Response +403/m],
    json: (told: { verdict: { why: string } }) => assert.equal(told.verdict.why, 'waf/sql-injection'),
  },
  'portcullis explain --from 203.0.113.7:52431 --to :5432/tcp': {
    says: [/^2 TCP +203\.0\.113\.7:52431 → :5432 /m, /^3 Firewall +DENY +by default/m, /^4 TLS +not reached$/m],
    json: (told: { firewall: { action: string; rule: number } }) =>
      assert.deepEqual([told.firewall.action, told.firewall.rule], ['DENY', 0]),
  },
  'portcullis explain 01JDX3M8RN --journal journal.1': { says: blocked, json: isBlocked },
  'portcullis trace https://localhost:8443': {
    says: [
      /^1 DNS +localhost → /m,
      /^2 TCP +127\.0\.0\.1:\d+ → 127\.0\.0\.1:\d+ /m,
      /^ +ephemeral port \d+, chosen by this machine from \d+–\d+/m,
      /^4 TLS +TLSv1\.3 /m,
      /^7 Response +200 OK /m,
    ],
    json: (told: { ok: boolean; tcp: { to: string }; response: { status: number } }) =>
      assert.deepEqual([told.ok, told.tcp.to, told.response.status], [true, `127.0.0.1:${port}`, 200]),
  },
  'portcullis trace https://example.com --connect 127.0.0.1:8443': {
    says: [
      /^1 DNS +not asked: --connect$/m,
      /for DNS:localhost, DNS:example\.com.*: matches the host/,
      /^ +verified$/m,
    ],
    json: (told: { tls: { verified: boolean } }) => assert.equal(told.tls.verified, true),
  },
  'portcullis trace http://localhost:8080 --json': { says: [/"status":301/], json: null },
  'portcullis ports': {
    says: [
      /^well-known +0–1023 /m,
      /^registered +1024–49151 /m,
      /^ephemeral +49152–65535 /m,
      /^This kernel lends \d+–\d+ to outgoing connections: [\d,]+ ports/m,
      /^UPSTREAM +CONNECTIONS +ESTABLISHED +TIME_WAIT +PORTS USED +FREE +RUNS OUT$/m,
    ],
    json: (told: { gate: boolean; upstreams: { endpoint: string; used: number; free: number }[] }) => {
      const [upstream] = told.upstreams;
      assert.deepEqual([told.gate, upstream!.endpoint], [true, `localhost:${appPort}`]);
      assert.ok(upstream!.free > 0);
    },
  },
  'portcullis ports 443': {
    says: [/^443 is in the well-known range 0–1023: /m, /^443\/tcp +https\b/m],
    json: (told: { port: number; range: { name: string } }) =>
      assert.deepEqual([told.port, told.range.name], [443, 'well-known']),
  },
  'portcullis ports postgresql': {
    says: [/^5432 is in the registered range/m, /^5432\/tcp +postgresql\b/m],
    json: (told: { port: number }) => assert.equal(told.port, 5432),
  },
  'portcullis ports http://example.com:8443': {
    really: (line) => line,
    says: [/→ example\.com:8443$/m, /^ +scheme +http, not encrypted$/m],
    json: (told: { scheme: string; port: number; secure: boolean }) =>
      assert.deepEqual([told.scheme, told.port, told.secure], ['http', 8443, false]),
  },
  'portcullis ports --listening': {
    says: [/^PROTO +ADDRESS +PORT +SERVICE +PROCESS +SCOPE +REACHABLE$/m],
    json: (told: { port: number; process: { pid: number } | null }[]) =>
      assert.equal(told.find((row) => row.port === port)?.process?.pid, gate.child.pid),
  },
  'portcullis waf bill': {
    says: [/^The built-in rules hold, which have no bill: waf\.crs or waf\.files name others\.$/m],
    json: (told: object | null) => assert.equal(told, null),
  },
  'portcullis waf bill --top 5': {
    says: [/^The built-in rules hold, which have no bill: waf\.crs or waf\.files name others\.$/m],
    json: (told: object | null) => assert.equal(told, null),
  },
  "portcullis waf test --get '/users?id=1;DROP TABLE users;--'": {
    code: 1,
    says: [/^refused +waf\/sql-injection/m, /^ +matched +ARGS:id = "/m, /^ +score +\+5$/m, / = 5 of 5$/m],
    json: (told: { refused: boolean; waf: { rules: unknown[] } }) => {
      assert.equal(told.refused, true);
      assert.ok(told.waf.rules.length > 0);
    },
  },
  'portcullis waf test --get /admin --from 198.51.100.7': {
    says: [/^passes$/m, /^no rule matched$/m],
    json: (told: { refused: boolean }) => assert.equal(told.refused, false),
  },
  'portcullis waf rules': {
    says: [/^The built-in rules hold, which are no list: waf\.crs or waf\.files name others\.$/m],
    json: (told: object | null) => assert.equal(told, null),
  },
  'portcullis waf exclude 01JDX3M8RN': {
    says: [
      /^ {2}- \{"detector":"\d+","place":"ARGS:id","path":"\/users","method":"GET","until":"/m,
      /^The recorded request passes with it\.$/m,
      /^--write puts it into the configuration\.$/m,
    ],
    json: (told: { passes: boolean; exclusions: { place: string }[]; written: null }) => {
      assert.equal(told.passes, true);
      assert.equal(told.exclusions[0]!.place, 'ARGS:id');
      assert.equal(told.written, null);
    },
  },
  'portcullis waf learn --at-least 1': {
    code: 1,
    says: [/^Nothing was learnt yet: `learn: \/` in a site of the configuration begins it\.$/m],
    json: (told: unknown) => assert.equal(told, null),
  },
  'portcullis firewall show': {
    says: [
      /^Rule # +Action +Protocol +Port +Source +Description +Hits +Where$/m,
      /^1 +ALLOW +TCP +\d+ +any +HTTPS from anywhere +[1-9]\d* +portcullis\.yaml:\d+$/m,
      /^default +DENY +ALL +ALL +any +Whatever no rule matches +\d+$/m,
    ],
    json: (told: { gate: boolean; rules: { ports: string; description: string }[] }) => {
      assert.equal(told.gate, true);
      assert.deepEqual(
        told.rules.map(({ ports, description }) => [ports, description]),
        [
          [String(port), 'HTTPS from anywhere'],
          [String(httpPort), 'HTTP from anywhere'],
        ],
      );
    },
  },
  'portcullis firewall show --config staging.yaml': {
    says: [/^Rule # +Action +Protocol +Port +Source +Description +Where$/m, /staging\.yaml:\d+$/m],
    json: (told: { gate: boolean }) => assert.equal(told.gate, false),
  },
  'portcullis firewall simulate --from 203.0.113.7:52431 --to :5432/tcp': {
    says: [/^DENY +the default: no rule matches\n +tcp 203\.0\.113\.7:52431 → :5432$/m],
    json: (told: { action: string; gate: boolean }) => assert.deepEqual([told.action, told.gate], ['DENY', true]),
  },
  "portcullis firewall simulate --from '[2001:db8::7]:40000' --to :53/udp": {
    says: [/^DENY +the default: no rule matches\n +udp \[2001:db8::7\]:40000 → :53$/m],
    json: (told: { protocol: string }) => assert.equal(told.protocol, 'udp'),
  },
  'portcullis firewall analyse': {
    says: [/^nothing is odd about 2 rules$/m],
    json: (told: object) => assert.deepEqual(told, { ok: true, findings: [] }),
  },
  'portcullis firewall diff portcullis.yaml staging.yaml': {
    says: [/^both decide every packet alike$/m],
    json: (told: object) => assert.deepEqual(told, { equivalent: true, changes: [] }),
  },
  'portcullis firewall import iptables.txt': {
    says: [/^ {4}- allow tcp 22 from 0\.0\.0\.0\/0$/m, /^# line 4: icmp has no ports and is not judged by our rules$/m],
    json: (told: { format: string; rules: string[]; notes: object[] }) =>
      assert.deepEqual(
        [told.format, told.rules, told.notes.length],
        ['iptables-save', ['allow tcp 22 from 0.0.0.0/0'], 2],
      ),
  },
  'portcullis firewall export nft': {
    says: [
      /^table inet portcullis \{$/m,
      /counter accept comment "rule 1: allow tcp \d+ from any: HTTPS from anywhere"$/m,
    ],
    json: ({ nftables }: { nftables: object[] }) =>
      assert.deepEqual(nftables[1], { delete: { table: { family: 'inet', name: 'portcullis' } } }),
  },
  'portcullis firewall verify': notInTheKernel,
  'portcullis firewall exposure': {
    // Because what is exposed depends on the machine that tests run on, its exit code says nothing here; test/kernel knows a machine.
    really: (line) => `${line.replace('portcullis', './portcullis')} || true`,
    says: [/^Port +Family +From +Configuration +Kernel +Listens/m],
    json: null,
  },
  'portcullis certs list': {
    says: [/^no CA is asked for certificates \(tls\.acme\); `status` shows those that are served$/m],
    json: (told: { isOn: boolean; rows: object[] }) => assert.deepEqual(told, { isOn: false, rows: [] }),
  },
  'portcullis certs doctor example.com': {
    code: 1,
    says: [
      /^example\.com\n {2}PROBLEM {2}no CA is asked for certificates\n +write tls: \{ acme: \{ email: ops@example\.com \} \}$/m,
    ],
    json: ([told]: [{ findings: { level: string }[] }]) => assert.equal(told.findings[0]!.level, 'problem'),
  },
  'portcullis certs renew example.com --force': {
    // Without `exec`, so that the shell is there to make nothing of the exit code.
    really: (line) => `${line.replace('portcullis', './portcullis')} 2>&1 || true`,
    says: [/^portcullis: no certificate of a CA is kept for example\.com; certs list names them$/m],
    json: null,
  },
  'portcullis certs revoke example.com --reason keyCompromise': {
    really: (line) => `${line.replace('portcullis', './portcullis')} 2>&1 || true`,
    says: [/^portcullis: no certificate of a CA is kept for example\.com; certs list names them$/m],
    json: null,
  },
  'portcullis certs list --former': {
    says: [/^no certificate that was replaced is still valid$/m],
    json: (told: { former: unknown[] }) => assert.deepEqual(told.former, []),
  },
  'portcullis certs revoke 6C1F0A52E8D94B37': {
    really: (line) => `${line.replace('portcullis', './portcullis')} 2>&1 || true`,
    says: [/^portcullis: no certificate of a CA is kept for 6c1f0a52e8d94b37; certs list names them$/m],
    json: null,
  },
  'portcullis certs rekey': {
    really: (line) => `${line.replace('portcullis', './portcullis')} 2>&1 || true`,
    says: [/^portcullis: no CA is asked for certificates: write tls: \{ acme: \{ email: ops@example\.com \} \}$/m],
    json: null,
  },
  'portcullis certs trust': {
    // On a machine that is a directory: that of the tests is left as it is.
    really: (line) => `${inImage} && ${line} --root image`,
    says: [/^Portcullis local CA .*, until /m, /^ {2}added /m],
    json: null,
  },
  'portcullis certs trust --print': {
    says: [/^-----BEGIN CERTIFICATE-----$/m],
    json: (told: { pem: string }) => assert.match(told.pem, /BEGIN CERTIFICATE/),
  },
  'portcullis certs untrust': {
    really: (line) => `${inImage} && ${line} --root image`,
    says: [/^ {2}(removed|not there) /m],
    json: null,
  },
  'portcullis bans list': {
    says: [/^nobody is banned$/m],
    json: (told: { total: number; kept: boolean }) => assert.deepEqual([told.total, told.kept], [0, true]),
  },
  "portcullis bans add 203.0.113.7 --for 1h --because 'scans for logins'": {
    says: [/^203\.0\.113\.7 is banned for 60 m$/m],
    json: (told: { ban: { target: string; reason: string } }) =>
      assert.deepEqual([told.ban.target, told.ban.reason], ['203.0.113.7', 'scans for logins']),
  },
  'portcullis bans add 2001:db8:bad::/48': {
    says: [/^2001:db8:bad::\/48 is banned for good$/m],
    json: (told: { ban: { leftMs: number | null } }) => assert.equal(told.ban.leftMs, null),
  },
  'portcullis bans remove 203.0.113.7': {
    says: [/^203\.0\.113\.7 is banned no more$/m],
    // Whoever was let in cannot be let in again.
    json: null,
  },
  'portcullis bans list --never': {
    says: [/^127\.0\.0\.0\/8 +it is this machine's loopback$/m],
    json: (told: { never: object[] }) => assert.ok(told.never.length > 0),
  },
  'portcullis learn crowd --count 500': { says: [/^500 of 500 connections to port \d+: /m], json: null },
  'portcullis learn threads --count 4': { says: [/thread/], json: null },
  'portcullis plan': notInTheKernel,
  'portcullis plan --config staging.yaml --json': notInTheKernel,
  'portcullis apply --confirm-within 60s': notInTheKernel,
  'portcullis apply': notInTheKernel,
  'portcullis confirm': {
    really: (line) => `${line} 2>&1`,
    code: 1,
    says: [/^portcullis: nothing waits to be confirmed$/m],
    json: null,
  },
  'portcullis rollback --list': {
    says: [/^no generation is kept: nothing was applied with this data directory$/m],
    json: (told: object) => assert.deepEqual(told, { current: 0, generations: [] }),
  },
  'portcullis rollback': notRun,
  'portcullis rollback 3 --confirm-within 60s': {
    really: (line) => `${line} 2>&1`,
    code: 1,
    says: [/^portcullis: there is no generation 3\n {2}`portcullis rollback --list` shows those that are kept$/m],
    json: null,
  },
  'portcullis rollback 0': notRun,
  'portcullis demo': {
    really: chosen,
    stays: true,
    apart: true,
    says: [/^The Woolly Sock/, /^Five attacks$/m],
    json: ({ ready, shop }: { ready: boolean; shop: { pid: number } }) =>
      assert.deepEqual([ready, shop.pid > 0], [true, true]),
  },
  'portcullis demo --port 9443 --http-port 9080': {
    really: chosen,
    stays: true,
    apart: true,
    says: [/^Five attacks$/m],
    json: null,
  },
};

/** What the help tells: the commands, and the examples of one. */
const helpOf = (...words: string[]) =>
  execFileSync(process.execPath, [portcullis, ...words, '--help'], { encoding: 'utf8' });
const commands = /commands:\n([\s\S]*?)\n\n/
  .exec(helpOf())![1]!
  .split('\n')
  .map((line) => line.trim().split(' ')[0]!);
const examplesOf = (command: string) =>
  helpOf(command)
    .split('examples:\n')[1]!
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('portcullis'));

describe('the commands', () => {
  it('are those that were asked for', () => {
    const wanted = [
      'run',
      'init',
      'check',
      'reload',
      'replay',
      'purge',
      'upgrade',
      'status',
      'connections',
      'logs',
      'metrics',
      'dashboard',
      'explain',
      'trace',
      'ports',
      'waf',
      'firewall',
      'certs',
      'bans',
      'learn',
      'plan',
      'apply',
      'confirm',
      'rollback',
      'demo',
    ];
    assert.deepEqual(commands, wanted);
  });

  const examples = commands.flatMap(examplesOf);
  it('have an example each, and every example is expected to do something', () => {
    assert.deepEqual(examples, Object.keys(expectations));
  });

  let number = 0;
  for (const line of examples) {
    const expected = expectations[line];
    if (expected === undefined) continue;
    const where = `apart-${number++}`;
    it(line, async () => {
      const text = await answerTo((expected.really ?? here)(line), expected, where);
      for (const pattern of expected.says) assert.match(text, pattern);
      if (expected.json === null) return;
      const told = await answerTo(`${(expected.really ?? here)(line)} --json`, expected, `${where}-json`);
      expected.json(JSON.parse(told) as never);
    });
  }
});

describe('on a terminal', () => {
  it('connections --watch redraws, and ends well at Ctrl-C', async () => {
    const screen = onTerminal('exec portcullis connections --watch');
    await screen.shows(/\x1b\[H\x1b\[2J[^\x1b]* requests a second[^\x1b]*NUMBER[^\x1b]*\x1b\[H\x1b\[2J[^\x1b]*NUMBER/);
    screen.press('\x03');
    assert.equal(await screen.ended, 0);
  });

  it('explain has colours, unless somebody does without', async () => {
    const plain = [
      onTerminal(`portcullis explain ${blockedId} --no-color`),
      onTerminal(`NO_COLOR=1 portcullis explain ${blockedId}`),
    ];
    const coloured = onTerminal(`portcullis explain ${blockedId}`);
    assert.deepEqual(await Promise.all([...plain, coloured].map(({ ended }) => ended)), [0, 0, 0]);
    assert.match(coloured.shown(), /\x1b\[[\d;]+mBLOCK/);
    for (const screen of plain) assert.ok(!screen.shown().includes('\x1b'), screen.shown());
  });

  it('ports tells when the ports towards an upstream run out while their use grows', async () => {
    const answer = runToEnd(['ports', '--seconds', '1', '--json'], { cwd: folder, env: environment(folder) });
    const agent = new Agent({ ca: readFileSync(join(folder, 'data/ca/ca.crt')) });
    let isOver = false;
    void answer.finally(() => {
      isOver = true;
    });
    for (let count = 1; !isOver && count <= 80; count++) {
      void send('/slow', agent).catch(() => {});
      // Because each is to be a connection of its own towards the application, and seen by one look or the next.
      while (waiting.length < count && !isOver) await new Promise(setImmediate);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    const [upstream] = JSON.parse((await answer).stdout).upstreams;
    assert.ok(upstream.byState.ESTABLISHED > 3, JSON.stringify(upstream));
    assert.ok(upstream.forecast.portsPerSecond > 1 && upstream.forecast.secondsLeft > 0, JSON.stringify(upstream));
    agent.destroy();
  });
});

/** The line on a terminal of its own, as `script` of util-linux gives it one. */
function onTerminal(line: string) {
  const child = spawn('script', ['-qefc', line, '/dev/null'], {
    cwd: folder,
    env: { ...environment(folder), TERM: 'xterm' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  const shows = async (pattern: RegExp) => {
    while (!pattern.test(text)) {
      const over = await Promise.race([once(child.stdout, 'data').then(() => null), ended]);
      assert.equal(over, null, `it ended and showed\n${text}`);
    }
  };
  return { shows, ended, shown: () => text, press: (key: string) => child.stdin.write(key) };
}

/** What the line says on stdout; one that stays is stopped as soon as it has said everything that is expected. */
async function answerTo(line: string, { stays, apart, says, code = 0 }: Expected, name: string): Promise<string> {
  const where = apart ? join(folder, name) : folder;
  if (apart) {
    mkdirSync(where);
    await setUp(where, ...((await freePorts(2)) as [number, number]));
  }
  const { child, ended, stdout } = type(line, where);
  if (stays) {
    const patterns = line.endsWith('--json') ? [/\}\n$/] : says;
    while (!patterns.every((pattern) => pattern.test(stdout()))) {
      const over = await Promise.race([once(child.stdout, 'data').then(() => null), ended]);
      if (over !== null) break;
    }
    child.kill('SIGINT');
  }
  const { code: ending, stderr } = await ended;
  assert.equal(ending, code, `${line}\n${stdout()}${stderr}`);
  return stdout();
}
