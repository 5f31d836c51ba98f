import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import {
  ConfigurationTrouble,
  dataDirectoryFrom,
  jsonSchema,
  loadedFrom,
  loadSettings,
  type SiteSettings,
  settingsFrom,
} from './config.ts';

const directories: string[] = [];
after(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true }))));

/** A directory with these files. */
async function place(files: Record<string, string | Buffer>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-config-'));
  directories.push(directory);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

async function load(text: string | Buffer, name = 'portcullis.yaml') {
  const cwd = await place({ [name]: text });
  return loadSettings({ options: { 'data-dir': '/data' } }, { env: {}, cwd });
}

async function troubleOf(text: string | Buffer, name?: string): Promise<ConfigurationTrouble> {
  const trouble = await load(text, name).then(
    () => assert.fail('the configuration was accepted'),
    (error) => error,
  );
  assert.ok(trouble instanceof ConfigurationTrouble, String(trouble.stack));
  return trouble;
}

test('a wrong configuration tells every problem at once, letter by letter', async () => {
  const trouble = await troubleOf(`listen:
  - { port: 443, tls: true }
  - { port: 80, redirect: https }
  - { prot: 8080 }
firewall:
  default: dney
  rules:
    - allow tcp 443 from any   # HTTPS from anywhere
    - { acton: allow, port: 80 }
    - 5
tls:
  acme: { emial: ops@example.com }
sites:
  - host: Example.com
    to: [localhost:3000, localhost, gopher://b:1]
    waf: { mode: detec }
  - host: [http://example.org]
  - to: 3001
    to: 3002
    max_body: 10 Mib
limits:
  idle_timeout: 30
  header_timeout: "10 secs"
  max_headers: 5
wfa:
  mode: block
rates:
  - limit: 500 each 10s
`);
  assert.equal(
    trouble.message,
    `portcullis.yaml:4:7  config/unknown-key
    - { prot: 8080 }
        ^^^^ no setting is called "prot" here
  did you mean port?

portcullis.yaml:6:12  config/invalid
    default: dney
             ^^^^ expected allow or deny, found "dney"
  did you mean deny?

portcullis.yaml:9:9  config/unknown-key
      - { acton: allow, port: 80 }
          ^^^^^ no setting is called "acton" here
  did you mean action?

portcullis.yaml:10:7  config/invalid
      - 5
        ^ expected a rule such as allow tcp 443 from any, or one with action, protocol, port and source, found 5

portcullis.yaml:12:11  config/unknown-key
    acme: { emial: ops@example.com }
            ^^^^^ no setting is called "emial" here
  did you mean email?

portcullis.yaml:15:26  config/invalid
      to: [localhost:3000, localhost, gopher://b:1]
                           ^^^^^^^^^ the upstream "localhost" has no port
  write host:port, such as localhost:3000 or [::1]:3000

portcullis.yaml:15:37  config/invalid
      to: [localhost:3000, localhost, gopher://b:1]
                                      ^^^^^^^^^^^^ "gopher" is no scheme of an upstream
  write http, https, h2c (HTTP/2 without TLS) or h2 (HTTP/2 under TLS) before ://

portcullis.yaml:16:18  config/invalid
      waf: { mode: detec }
                   ^^^^^ expected block, detect or off, found "detec"
  did you mean detect?

portcullis.yaml:17:5  config/missing
    - host: [http://example.org]
      ^^^^^^^^^^^^^^^^^^^^^^^^^^ to is missing
  it is an endpoint such as localhost:3000, or a port, or a list of them

portcullis.yaml:17:12  config/invalid
    - host: [http://example.org]
             ^^^^^^^^^^^^^^^^^^ the host "http://example.org" has a scheme
  write example.org alone

portcullis.yaml:19:5  config/duplicate-key
      to: 3002
      ^^ "to" stands here twice
  remove one; the first is on line 18

portcullis.yaml:20:18  config/invalid
      max_body: 10 Mib
                   ^^^ no unit is called "Mib"; units are B, KiB, MiB, GiB, KB, MB or GB
  expected a size from 0B to 1024GiB, such as 8KiB or 10MiB

portcullis.yaml:22:17  config/invalid
    idle_timeout: 30
                  ^^ 30 has no unit
  write 30s or 30ms

portcullis.yaml:23:23  config/invalid
    header_timeout: "10 secs"
                        ^^^^ no unit is called "secs"; units are ms, s, m, h or d
  expected a duration from 100ms to 10m, such as 500ms, 30s or 10m

portcullis.yaml:24:16  config/invalid
    max_headers: 5
                 ^ expected a whole number from 10 to 10,000, found 5

portcullis.yaml:25:1  config/unknown-key
  wfa:
  ^^^ no setting is called "wfa" here
  did you mean waf?

portcullis.yaml:28:16  config/invalid
    - limit: 500 each 10s
                 ^^^^^^^^ expected "per" after the number of requests
  expected requests per time, such as 500 per 10s

17 problems in portcullis.yaml`,
  );
});

test('settings that contradict each other are told, letter by letter', async () => {
  const trouble = await troubleOf(`listen:
  - { port: 80, redirect: https }
  - { port: 8080 }
  - { port: 8080, address: 127.0.0.1 }
  - { port: 9000, address: here }
firewall: { default: allow }
sites:
  - { host: [a.example, b.example], to: 8080 }
  - { host: b.example, to: app:1 }
  - { host: b.example, path: /api/, to: [] }
`);
  assert.equal(
    trouble.message,
    `portcullis.yaml:2:27  config/redirect-nowhere
    - { port: 80, redirect: https }
                            ^^^^^ no listener speaks TLS to redirect to
  add - { port: 443, tls: true }

portcullis.yaml:4:13  config/double-listener
    - { port: 8080, address: 127.0.0.1 }
              ^^^^ 127.0.0.1 port 8080 is within :: port 8080, which is listened on already
  remove one, or give them addresses that have nothing in common

portcullis.yaml:5:28  config/invalid-address
    - { port: 9000, address: here }
                             ^^^^ "here" is not an IP address
  write 127.0.0.1 for this machine alone, :: for every address

portcullis.yaml:8:41  config/loop
    - { host: [a.example, b.example], to: 8080 }
                                          ^^^^ localhost:8080 is this gate itself, so a request would go round for ever
  write the port that the application listens on

portcullis.yaml:9:13  config/double-site
    - { host: b.example, to: app:1 }
              ^^^^^^^^^ site 1 serves b.example under / already
  give one of them another host or path, or put all upstreams behind the to of one

portcullis.yaml:10:37  config/no-upstream
    - { host: b.example, path: /api/, to: [] }
                                      ^^ the site has no upstream
  write to: localhost:3000

6 problems in portcullis.yaml`,
  );
});

test('a file is whole, and broken YAML or none says so alone', async () => {
  for (const [text, ...codes] of [
    ['', 'config/no-listener', 'config/no-site'],
    ['5', 'config/invalid'],
    ['a: [1, 2\n', 'config/yaml'],
    [`x: "${'y'.repeat(1024 * 1024)}"`, 'config/too-large'],
    [Buffer.from([0x61, 0x3a, 0x20, 0xff]), 'config/encoding'],
    [
      'listen: [{ port: 0, tls: true, redirect: https }]\nsites: [{ host: [], to: 1 }]\n',
      'config/redirect-on-tls',
      'config/no-host',
    ],
  ] as const) {
    const { problems } = await troubleOf(text);
    assert.deepEqual(
      problems.map(({ code }) => code),
      codes,
      String(text).slice(0, 40),
    );
  }
});

test('an absent file, and an absent default, are troubles with a remedy', async () => {
  const cwd = await place({});
  const world = { env: {}, cwd };
  await assert.rejects(loadSettings({ options: { config: 'other.yaml' } }, world), {
    message:
      'other.yaml  config/no-file\n  there is no such file\n  `portcullis init` writes one to begin with\n\n1 problem in other.yaml',
  });
  await assert.rejects(loadSettings({ options: {} }, world), {
    message: `config/no-file\n  there is no portcullis.yaml in ${cwd}\n  \`portcullis init\` writes one, --config FILE names another\n\n1 problem`,
  });
});

test('the design’s own configuration becomes settings, with comments, names and places', async () => {
  const loaded = await load(`listen:
  - { port: 443, tls: true }
  - { port: 80, redirect: https }
firewall:
  default: deny
  rules:                                        # first match wins
    - allow tcp 443 from any                    # HTTPS from anywhere
    - allow tcp 22 from 10.0.0.0/8              # SSH from the internal network only
    - { action: deny, protocol: all, port: all, source: 0.0.0.0/0, description: Block everything else }
  enforce: [accept, kernel]
tls: { certificates: [{ certificate: a.crt, key: /etc/a.key }] }
sites:
  - host: [Example.com, www.example.com]
    path: /api/
    to: [localhost:3000, 3001]
    hsts: true
    waf: { mode: detect, exclude: [{ detector: sql-injection, place: 'ARGS:q', because: console }] }
waf: { mode: block, rules: builtin }
trusted_proxies: 10.0.0.0/8
journal: log/journal.jsonl
data_directory: state
`);
  const { settings } = loaded;
  const directory = directories.at(-1)!;
  assert.deepEqual(settings.listen, [
    { address: '::', port: 443, tls: true, redirect: null, proxyProtocol: [] },
    { address: '::', port: 80, tls: false, redirect: 'https', proxyProtocol: [] },
  ]);
  assert.deepEqual(settings.firewall.comments, ['HTTPS from anywhere', 'SSH from the internal network only', '']);
  assert.deepEqual(settings.firewall.enforce, ['accept', 'kernel']);
  assert.deepEqual(settings.tls, {
    certificates: [{ certificate: join(directory, 'a.crt'), key: '/etc/a.key' }],
    localNames: [],
    minVersion: 'TLSv1.2',
    policy: 'intermediate',
    unknownNames: 'default',
    onDemand: null,
    clientCertificates: [],
    acme: null,
  });
  const [{ to, balance, sticky, slowStartMs, health, breaker, retries, queue, ...site }] = settings.sites as [
    SiteSettings,
  ];
  assert.deepEqual(
    to.map(({ url }) => url),
    ['localhost:3000', 'localhost:3001'],
  );
  assert.deepEqual({ balance, sticky, slowStartMs, health, breaker, retries, queue }, siteDefaults);
  assert.deepEqual(
    [site],
    [
      {
        name: 'example.com/api',
        hosts: ['example.com', 'www.example.com'],
        path: '/api',
        hostHeader: 'client',
        hstsSeconds: 31_536_000,
        hstsFor: 'host',
        waf: {
          mode: 'detect',
          exclude: [{ detector: 'sql-injection', place: 'ARGS:q', because: 'console' }],
          threshold: 5,
          graphql: { introspection: false, maxDepth: 20, maxAliases: 60, maxDirectives: 50, maxBatch: 20 },
          redirects: { parameters: site?.waf.redirects.parameters, hosts: null },
        },
        rules: [],
        rates: null,
        model: null,
        learn: [],
        limits: {
          maxBodyBytes: 10_485_760,
          answerTimeoutMs: 60_000,
          connectTimeoutMs: 5000,
          queueWaitMs: 5000,
          maxRetries: 2,
          minBodyBytesPerSecond: 500,
          minBodyGraceMs: 10_000,
          maxGrpcSilenceMs: 60_000,
          maxGrpcMessageBytes: null,
          maxGrpcMessages: null,
          maxGrpcAnswerMessageBytes: null,
          maxGrpcAnswerMessages: null,
        },
        paths: [],
        compress: null,
      },
    ],
  );
  assert.deepEqual(settings.trustedProxies, ['10.0.0.0/8']);
  assert.equal(settings.observe.journal, join(directory, 'log/journal.jsonl'));
  assert.equal(settings.dataDirectory, '/data');
  assert.equal(loaded.locate(['firewall', 'rules', 1]), 'portcullis.yaml:8');
  assert.equal(loaded.file, 'portcullis.yaml');
  assert.deepEqual(loaded.warnings, []);
});

test('bans, blocklists and repeated say what they expect', async () => {
  const trouble = await troubleOf(`listen: [{ port: 443 }]
sites: [{ to: 3000 }]
rates:
  - { limit: 10 per 1m, repeated: 10m }
  - { limit: 10 per 2m, repeated: ban 0s }
bans:
  waf_blocks: often
  first: 10
blocklists:
  - { name: a b, from: list.txt }
  - { name: drop, from: list.txt }
  - { name: drop, from: https://lists.example/drop.txt, column: 0 }
`);
  assert.equal(
    trouble.message,
    `portcullis.yaml:4:35  config/invalid
    - { limit: 10 per 1m, repeated: 10m }
                                    ^^^ expected ban and a duration, such as ban 10m, found "10m"
  write ban 10m

portcullis.yaml:5:35  config/invalid
    - { limit: 10 per 2m, repeated: ban 0s }
                                    ^^^^^^ expected ban and a duration, such as ban 10m, found "ban 0s"

portcullis.yaml:7:15  config/invalid
    waf_blocks: often
                ^^^^^ expected a number of requests first
  expected requests per time, such as 500 per 10s

portcullis.yaml:8:10  config/invalid
    first: 10
           ^^ 10 has no unit
  write 10s or 10ms

portcullis.yaml:10:13  config/invalid
    - { name: a b, from: list.txt }
              ^^^ expected a name of 1 to 32 letters, digits, - and _, found "a b"

portcullis.yaml:12:65  config/invalid
    - { name: drop, from: https://lists.example/drop.txt, column: 0 }
                                                                  ^ expected a whole number from 1 to 100, found 0

6 problems in portcullis.yaml`,
  );
  const double = await troubleOf(
    'listen: [{ port: 443 }]\nsites: [{ to: 3000 }]\nblocklists: [{ name: a, from: x }, { name: a, from: y }]\n',
  );
  assert.deepEqual(
    double.problems.map(({ path, says, instead }) => [path.join('.'), says, instead]),
    [['blocklists.1.name', 'list 1 is named a already', 'give one of them another name']],
  );
});

/** What a site wants of its upstreams where its owner wrote nothing. */
const siteDefaults = {
  balance: { method: 'round-robin', by: '', maxLoadPercent: 0 },
  sticky: null,
  slowStartMs: 0,
  health: null,
  breaker: { maxFailures: 5, evenAlone: false, openMs: 10_000, statuses: [], slowFactor: 0 },
  retries: { max: 2, statuses: [], budgetPercent: 20 },
  queue: { length: 256, waitMs: 5000 },
};

test('defaults are those of the design', () => {
  const settings = settingsFrom({ data_directory: '/data' }, '', { env: {}, cwd: '/' });
  assert.deepEqual(settings, {
    dataDirectory: '/data',
    listen: [],
    firewall: {
      default: 'deny',
      rules: [],
      comments: [],
      enforce: ['accept'],
      expect: [],
      kernel: {
        dropInvalid: true,
        forward: 'published',
        maxNewPerSource: null,
        maxConnectionsPerSource: 0,
        log: 'off',
        logRate: { limit: 10, windowMs: 1000 },
        synProxyPorts: [],
      },
    },
    bans: {
      automatic: false,
      thresholds: {
        waf: { limit: 20, windowMs: 600_000 },
        rates: { limit: 300, windowMs: 600_000 },
        handshake: { limit: 60, windowMs: 600_000 },
        'not-found': { limit: 300, windowMs: 600_000 },
      },
      escalation: { firstMs: 600_000, factor: 4, longestMs: 604_800_000 },
      ipv6Prefix: 64,
      never: [],
      neverLoopback: true,
      maxEntries: 100_000,
    },
    blocklists: [],
    tls: {
      certificates: [],
      localNames: [],
      minVersion: 'TLSv1.2',
      policy: 'intermediate',
      unknownNames: 'default',
      onDemand: null,
      clientCertificates: [],
      acme: null,
    },
    sites: [],
    waf: {
      mode: 'block',
      rules: 'builtin',
      threshold: 5,
      ruleFiles: null,
      maxInspectedBytes: 131_072,
      bodyOverLimit: 'refuse',
      maxArguments: 1000,
      maxInflateRatio: 100,
      maxInflatedBytes: 1_048_576,
      maxJsonDepth: 64,
      cpuBudgetMs: 50,
    },
    rates: [
      {
        limit: 500,
        windowMs: 10_000,
        by: 'client',
        path: '/',
        repeatedBanMs: 0,
        status: 429,
        treatment: null,
        burst: 0,
        wider: 4,
        shadow: false,
        when: '',
        statuses: [],
      },
    ],
    bots: {
      challenge: { bits: 16, answerWithinMs: 300_000, validMs: 3_600_000 },
      tarpit: { holdMs: 60_000, everyMs: 5000, maxHeld: 200 },
      verified: [],
      waitMs: 1000,
      resolvers: [],
    },
    rules: [],
    lists: {},
    geography: { country: null, asn: null },
    trustedProxies: [],
    proxy: {
      connectTimeoutMs: 5000,
      answerTimeoutMs: 60_000,
      maxIdleConnections: 1024,
      idleMs: 4000,
      sourceAddresses: [],
      resolvers: [],
      clientClose: 'abort',
    },
    limits: {
      maxRequestLineBytes: 8192,
      maxHeaderBytes: 32_768,
      maxHeaders: 100,
      maxBodyBytes: 10_485_760,
      headerTimeoutMs: 10_000,
      idleTimeoutMs: 60_000,
      minBodyBytesPerSecond: 500,
      minBodyGraceMs: 10_000,
      maxGrpcSilenceMs: 60_000,
      maxRequestsPerConnection: 1000,
      maxConcurrentStreams: 100,
      maxStreamResetsPerSecond: 200,
      maxControlFramesPerSecond: 1000,
      handshakeTimeoutMs: 10_000,
      maxHandshakesPerClientPerSecond: 100,
      maxConnections: 16_000,
      maxConnectionsPerClient: 1000,
      maxNewConnectionsPerClientPerSecond: 100,
      drainTimeoutMs: 30_000,
      workerStallMs: 10_000,
    },
    admin: { listen: 'auto', hosts: [], tokens: [] },
    observe: {
      journal: null,
      maxJourneys: 2000,
      recording: { bodies: 'off', maxBodyBytes: 16_384 },
      historyBytes: 268_435_456,
      logs: [],
      rotation: { maxBytes: null, everyMs: null, keep: 7 },
      traces: null,
      audit: { file: null, format: null, mode: null },
    },
    workers: 0,
  });
  assert.deepEqual(settingsFrom({ rates: [] }).rates, []);
});

test('without a certificate the local CA signs for the sites, with a warning; a closed firewall is warned of too', async () => {
  const loaded = await load('listen: [{ port: 443, tls: true }]\nsites: [{ host: [a.example, "*"], to: 3000 }]\n');
  assert.deepEqual(loaded.settings.tls.localNames, ['a.example', 'localhost', '127.0.0.1', '::1']);
  assert.equal(
    loaded.print(loaded.warnings, true),
    `portcullis.yaml: firewall  config/closed-gate (warning)
  no firewall rule allows anything, so every connection is refused
  write firewall: { rules: [allow tcp 443 from any] }, or default: allow

portcullis.yaml:1:28  config/local-certificates (warning)
  listen: [{ port: 443, tls: true }]
                             ^^^^ no certificate is given, so the local CA signs for a.example, and browsers will warn
  write tls: { certificates: [{ certificate: FILE, key: FILE }] }, or list the names under tls: { local_names: […] }`,
  );
});

test('a station’s problem is shown inside the value it speaks of', async () => {
  const loaded = await load(
    'listen: [{ port: 80 }]\nsites: [{ to: 3000 }]\nfirewall:\n  rules:\n    - "alow tcp 80 from any"\n',
  );
  const problem = {
    path: ['firewall', 'rules', 0],
    code: 'firewall/unknown-action',
    says: 'no action is called "alow"',
    instead: 'did you mean allow?',
    offset: 0,
    length: 4,
  };
  assert.equal(
    loaded.trouble([problem]).message,
    `portcullis.yaml:5:8  firewall/unknown-action
      - "alow tcp 80 from any"
         ^^^^ no action is called "alow"
  did you mean allow?

1 problem in portcullis.yaml`,
  );
});

test('what could not be understood is not blamed a second time by the stations', async () => {
  const trouble = await troubleOf('listen: [{ port: 80 }]\nsites: [{ to: x }]\nfirewall: { rules: [alow] }\n');
  assert.deepEqual([...trouble.lost], ['sites']);
  assert.deepEqual(trouble.loaded?.settings.firewall.rules, ['alow']);
  const more = trouble.also([
    { path: ['sites'], code: 'http/no-site', says: 'there is no site' },
    { path: ['firewall', 'rules', 0], code: 'firewall/unknown-action', says: 'no action is called "alow"' },
  ]);
  assert.deepEqual(
    more.problems.map(({ code }) => code),
    ['config/invalid', 'firewall/unknown-action'],
  );
});

test('settings without a file name their problems by path', () => {
  const object = { sites: [{ to: 'nowhere' }] };
  assert.throws(() => loadedFrom(object, { env: {}, cwd: '/' }), {
    message:
      'sites[0].to  config/invalid\n  the upstream "nowhere" has no port\n  write host:port, such as localhost:3000 or [::1]:3000\n\n1 problem',
  });
});

test('colours stand only on a terminal that wants them', () => {
  const problem = { path: ['waf'], code: 'waf/x', says: 'says', instead: 'instead' };
  const print = (env: Record<string, string>, isTTY: boolean, options = {}) =>
    loadedFrom({}, { env, cwd: '/', stderr: { isTTY } }, { options }).print([problem]);
  assert.equal(print({}, true), '\x1b[1mwaf  waf/x\x1b[0m\n  \x1b[31msays\x1b[0m\n  \x1b[32minstead\x1b[0m');
  for (const text of [print({}, false), print({ NO_COLOR: '1' }, true), print({}, true, { 'no-color': true })])
    assert.equal(text, 'waf  waf/x\n  says\n  instead');
});

test('JSON and a program are configurations too', async () => {
  const json = await load('{\n\t"listen": [{ "port": 80 }],\n\t"sites": [{ "to": 3000 }]\n}\n', 'portcullis.json');
  assert.equal(json.locate(['sites', 0, 'to', 0]), 'portcullis.json:3');
  const program = await load(
    'export default { listen: [{ port: 80 }], sites: [{ to: 3000 as number }] };',
    'portcullis.config.ts',
  );
  assert.deepEqual(
    program.settings.sites[0]!.to.map(({ url }) => url),
    ['localhost:3000'],
  );
  assert.equal(program.locate(['sites']), '');
  const broken = await troubleOf(
    'export default { listen: [{ port: 80 }], sites: [{ too: 3000 }] };',
    'portcullis.config.ts',
  );
  assert.equal(
    broken.message,
    'portcullis.config.ts: sites[0].too  config/unknown-key\n  no setting is called "too" here\n  did you mean to?\n\n1 problem in portcullis.config.ts',
  );
  for (const text of ['export const x = 1;', 'throw new Error("no")', 'const'])
    assert.deepEqual(
      (await troubleOf(text, 'portcullis.config.ts')).problems.map(({ code }) => code),
      ['config/program'],
    );
});

test('the data directory: option, environment, file, default', async () => {
  const cwd = await place({ 'portcullis.yaml': 'data_directory: state\n' });
  const empty = await place({});
  const env = { XDG_STATE_HOME: '/xdg', PORTCULLIS_DATA: '/env' };
  assert.equal(dataDirectoryFrom({ 'data-dir': 'here' }, { env, cwd }), join(cwd, 'here'));
  assert.equal(dataDirectoryFrom({}, { env, cwd }), '/env');
  assert.equal(dataDirectoryFrom({}, { env: { XDG_STATE_HOME: '/xdg' }, cwd }), join(cwd, 'state'));
  assert.equal(dataDirectoryFrom({}, { env: { XDG_STATE_HOME: '/xdg' }, cwd: empty }), '/xdg/portcullis');
  assert.match(
    dataDirectoryFrom({}, { env: { HOME: '/home/u' }, cwd: empty }),
    /^(\/home\/u\/\.local\/state|\/var\/lib)\/portcullis$/,
  );
});

test('the JSON Schema has a sentence for every setting', () => {
  const walk = (schema: Record<string, unknown>, path: string): string[] => {
    const inner = [schema.items, ...((schema.anyOf as unknown[]) ?? [])].filter(Boolean) as Record<string, unknown>[];
    const properties = Object.entries((schema.properties ?? {}) as Record<string, Record<string, unknown>>);
    return [
      ...inner.flatMap((one) => walk(one, path)),
      ...properties.flatMap(([name, one]) => [
        ...(typeof one.description === 'string' && one.description.endsWith('.') ? [] : [`${path}.${name}`]),
        ...walk(one, `${path}.${name}`),
      ]),
    ];
  };
  assert.deepEqual(walk(jsonSchema() as Record<string, unknown>, ''), []);
});

test('any text is settings or a trouble with printed problems', async () => {
  const cwd = await place({});
  const words = [
    'listen',
    'sites',
    'firewall',
    'rules',
    'waf',
    'mode',
    'tls',
    'rates',
    'limit',
    'to',
    'host',
    'port',
    'x',
    '443',
    'true',
    '10s',
  ];
  const pieces = fc.oneof(
    fc.constantFrom(
      ...words,
      ': ',
      '\n',
      '\n  ',
      '\n  - ',
      '[',
      ']',
      '{ ',
      ' }',
      ', ',
      '"',
      '&a ',
      '*a',
      '# c',
      '\u202e',
    ),
    fc.string(),
  );
  const texts = fc.array(pieces, { maxLength: 60 }).map((list) => list.join(''));
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      await writeFile(join(cwd, 'portcullis.yaml'), text);
      try {
        await loadSettings({ options: {} }, { env: {}, cwd });
      } catch (error) {
        assert.ok(error instanceof ConfigurationTrouble, String((error as Error).stack));
        assert.ok(error.problems.length > 0 && error.message.length > 0 && !error.message.includes('\u202e'));
      }
    }),
    { numRuns: 300 },
  );
});

test('any object is settings or a trouble', () => {
  const keys = fc.constantFrom(
    'listen',
    'sites',
    'to',
    'host',
    'firewall',
    'rules',
    'waf',
    'limit',
    'rates',
    'port',
    '__proto__',
    'max_body',
    'limits',
    'exclude',
  );
  const values = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom<unknown>(
        null,
        true,
        0,
        443,
        -1,
        1e99,
        Number.NaN,
        '',
        'x',
        '3000',
        '10s',
        'allow tcp 443 from any',
      ),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    ),
  })).value;
  fc.assert(
    fc.property(fc.dictionary(keys, values, { maxKeys: 5 }), (object) => {
      try {
        settingsFrom(object as never);
      } catch (error) {
        assert.ok(error instanceof ConfigurationTrouble, String((error as Error).stack));
      }
    }),
    { numRuns: 1000 },
  );
});
