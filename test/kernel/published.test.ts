// Ports that Docker publishes: a container behind DNAT, a firewall on input that believes it denies, and what is really reached.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { putTable, render } from '../../src/firewall/firewall.ts';
import { portcullis } from '../portcullis-process.ts';
import { idsIn, policyOf, witness } from './agreement.ts';
import { namespace, type World, whyNot, world } from './namespace.ts';
import { frameOf, type Packet, sendFrames } from './packets.ts';

const skip = whyNot();

/** What Docker and ufw leave in the kernel for `-p 8080:80` and `ufw default deny; ufw allow 22`. */
const others = `
table inet ufw {
  chain input { type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    tcp dport 22 accept
  }
}
table inet docker {
  chain prerouting { type nat hook prerouting priority -100; policy accept;
    fib daddr type local jump DOCKER
  }
  chain DOCKER {
    meta nfproto ipv4 tcp dport 8080 dnat ip to 172.30.0.2:80
    meta nfproto ipv6 tcp dport 8080 dnat ip6 to [fd30::2]:80
  }
  chain forward { type filter hook forward priority 0; policy accept;
    ct status dnat accept
  }
}`;

/** The gate's machine with a container behind it. */
function machineWithContainer(t: TestContext, install = (wire: World) => void wire.gate.run('nft', others)): World {
  const wire = world(t);
  const container = namespace(t, 'container');
  const ip = (...args: string[]) => execFileSync('ip', args);
  ip(
    'link',
    'add',
    'docker0',
    'netns',
    wire.gate.name,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    container.name,
  );
  for (const [name, device, four, six] of [
    [wire.gate.name, 'docker0', '172.30.0.1/24', 'fd30::1/64'],
    [container.name, 'eth0', '172.30.0.2/24', 'fd30::2/64'],
  ] as const) {
    ip('-n', name, 'address', 'add', four, 'dev', device);
    ip('-n', name, 'address', 'add', six, 'dev', device, 'nodad');
    ip('-n', name, 'link', 'set', device, 'up');
  }
  wire.gate.run('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding');
  install(wire);
  return wire;
}

const callers = ['10.50.0.2', '203.0.113.7', 'fd50::2', '2001:db8:ffff::7'];

/** The callers whose packet to 8080 goes on to the container. */
async function reaching({ gate, caller }: World): Promise<string[]> {
  const ran = await gate.nft.run(['-f', '-'], witness);
  assert.ok(ran.ok, ran.ok ? '' : ran.text);
  await gate.conntrack.run(['-F']);
  const packets = callers.map(
    (source, index): Packet => ({ source, protocol: 'tcp', sourcePort: 5000 + index, port: 8080 }),
  );
  sendFrames(caller, packets.map(frameOf));
  assert.equal((await idsIn({ gate }, 'came', packets.length)).size, packets.length);
  const passed = await idsIn({ gate }, 'passed', 0);
  gate.run('nft', 'delete table inet witness');
  return callers.filter((_, id) => passed.has(id));
}

/** What `firewall exposure` says about 8080 in the gate's namespace, for rules. */
function exposureOf({ gate }: World, folder: string, rules: readonly string[]) {
  const lines = [
    'listen: [{ port: 8443 }]',
    'sites: [{ host: a, to: 3000 }]',
    'firewall:',
    '  enforce: [accept, kernel]',
    '  rules:',
    ...rules.map((rule) => `    - ${rule}`),
  ];
  writeFileSync(join(folder, 'portcullis.yaml'), `${lines.join('\n')}\n`);
  const words = [
    'netns',
    'exec',
    gate.name,
    process.execPath,
    portcullis,
    'firewall',
    'exposure',
    '--interface',
    'wire',
  ];
  const json = spawnSync('ip', [...words, '--json'], { cwd: folder, encoding: 'utf8' });
  const told = JSON.parse(json.stdout) as {
    ok: boolean;
    ports: {
      port: number;
      family: number;
      agreement: string;
      kernel: { verdict: string; by: string; target: string };
      example: { from: string };
    }[];
  };
  const text = spawnSync('ip', words, { cwd: folder, encoding: 'utf8' }).stdout;
  return { code: json.status, ports: told.ports.filter(({ port }) => port === 8080), text };
}

test('a published port that the rules deny is told as exposed, is really reached, and no more when the rules are in the kernel', {
  skip,
}, async (t) => {
  const wire = machineWithContainer(t);
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-published-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const rules = ['allow tcp 22 from any'];
  assert.deepEqual(await reaching(wire), callers);
  const before = exposureOf(wire, folder, rules);
  assert.equal(before.code, 1);
  assert.deepEqual(
    before.ports.map(({ family, agreement, kernel }) => [family, agreement, kernel.verdict, kernel.target]),
    [
      [4, 'exposed', 'passes', '172.30.0.2:80'],
      [6, 'exposed', 'passes', '[fd30::2]:80'],
    ],
  );
  assert.match(
    before.text,
    /^8080\/tcp +IPv4 +203\.0\.113\.7 +denied \(default\) +passes to 172\.30\.0\.2:80 +forwarded +EXPOSED$/m,
  );
  assert.match(
    before.text,
    /^8080\/tcp IPv4: the configuration denies it, and the kernel lets it through\n {2}for example {4}tcp 203\.0\.113\.7:52431 → 10\.50\.0\.1:8080 coming in by wire\n {2}configuration {2}denied \(default\)\n {2}kernel {9}passes to 172\.30\.0\.2:80: inet docker forward, rule handle \d+$/m,
  );
  const put = async (lines: readonly string[]) => {
    const done = await putTable(wire.gate.nft, render(policyOf({ lines, default: 'deny' }).policy));
    assert.ok(done.ok);
  };
  await put(rules);
  assert.deepEqual(await reaching(wire), []);
  assert.deepEqual(
    exposureOf(wire, folder, rules).ports.map(({ agreement, kernel }) => [agreement, kernel.verdict]),
    [
      ['agrees', 'dropped'],
      ['agrees', 'dropped'],
    ],
  );
  const some = [...rules, 'allow tcp 8080 from 10.50.0.0/24,fd50::/64'];
  await put(some);
  assert.deepEqual(await reaching(wire), ['10.50.0.2', 'fd50::2']);
  assert.deepEqual(
    exposureOf(wire, folder, some).ports.map(({ agreement }) => agreement),
    ['agrees', 'agrees'],
  );
  // Because the kernel still has the former rules, a configuration that says something else is contradicted by name.
  const drifted = exposureOf(wire, folder, [...rules, 'allow tcp 8080 from 203.0.113.0/24']);
  assert.deepEqual(
    drifted.ports.map(({ family, agreement, kernel }) => [
      family,
      agreement,
      kernel.by.replace(/handle \d+/, 'handle N'),
    ]),
    [
      [4, 'blocked', 'inet portcullis default, rule handle N "default: no rule matches"'],
      [4, 'exposed', 'inet docker forward, rule handle N'],
      [6, 'agrees', 'inet portcullis default, rule handle N "default: no rule matches"'],
      [6, 'exposed', 'inet docker forward, rule handle N'],
    ],
  );
});

/** What Docker writes by iptables for a container with `-p 8080:80`: nft alone does not tell where its DNAT leads. */
const docker = (program: string, network: string, container: string): string[] =>
  [
    '-t nat -N DOCKER',
    '-t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER',
    '-t nat -A DOCKER -i docker0 -j RETURN',
    `-t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination ${container.includes(':') ? `[${container}]` : container}:80`,
    '-N DOCKER-USER',
    '-N DOCKER',
    '-N DOCKER-ISOLATION-STAGE-1',
    '-P FORWARD DROP',
    '-A FORWARD -j DOCKER-USER',
    '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
    '-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A FORWARD -o docker0 -j DOCKER',
    '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT',
    '-A FORWARD -i docker0 -o docker0 -j ACCEPT',
    `-A DOCKER -d ${container} ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT`,
    '-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j RETURN',
    '-A DOCKER-USER -j RETURN',
    `-t nat -A POSTROUTING -s ${network} ! -o docker0 -j MASQUERADE`,
  ].map((line) => `${program} ${line}`);

for (const backend of ['nft', 'legacy'])
  test(`ports that Docker publishes by iptables-${backend} are told as they are reached`, { skip }, async (t) => {
    const wire = machineWithContainer(t, ({ gate }) => {
      const lines = [
        ...docker(`iptables-${backend}`, '172.30.0.0/24', '172.30.0.2'),
        ...docker(`ip6tables-${backend}`, 'fd30::/64', 'fd30::2'),
      ];
      gate.run('sh', '-ec', lines.join('\n'));
    });
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-published-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const rules = ['allow tcp 22 from any'];
    const told = () =>
      exposureOf(wire, folder, rules).ports.map(({ agreement, kernel }) => [agreement, kernel.verdict, kernel.target]);
    assert.deepEqual(await reaching(wire), callers);
    assert.deepEqual(told(), [
      ['exposed', 'passes', '172.30.0.2:80'],
      ['exposed', 'passes', '[fd30::2]:80'],
    ]);
    // What the owner writes into DOCKER-USER is seen, too.
    wire.gate.run('sh', '-ec', `iptables-${backend} -I DOCKER-USER -i wire -j DROP`);
    assert.deepEqual(await reaching(wire), callers.slice(2));
    assert.deepEqual(told(), [
      ['agrees', 'dropped', '172.30.0.2:80'],
      ['exposed', 'passes', '[fd30::2]:80'],
    ]);
  });
