// The doctor of certificates and the kernel: a table that keeps a CA from the gate is found, whoever put it there, and for each family by itself.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Finding } from '../../src/supervisor/supervisor.ts';
import { compileCache, portcullis } from '../portcullis-process.ts';
import { addresses, whyNot, world } from './namespace.ts';

const skip = whyNot();

/** A gate in a namespace under these rules, which the kernel enforces alone; `ask` gives the problems that the doctor finds with a port. */
async function gate(t: TestContext, rules: readonly string[]) {
  let ending = async (): Promise<void> => {};
  // Before the namespace goes: what is to be done at the end is done in the order it was asked for.
  t.after(() => ending());
  const { gate: machine } = world(t);
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-certificates-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, 'portcullis.yaml'),
    `listen: [{ port: 80 }, { port: 443, tls: true }]
firewall: { enforce: [accept, kernel], rules: [${rules.join(', ')}] }
tls: { acme: { directory: 'https://127.0.0.1:1/dir', names: ['${addresses.gate.four}', '${addresses.gate.six}'] } }
sites: [{ host: '*', to: 1 }]
data_directory: data
`,
  );
  const run = (...words: string[]) =>
    machine.run('env', '-C', folder, `NODE_COMPILE_CACHE=${compileCache}`, process.execPath, portcullis, ...words);
  run('apply');
  const child = spawn('ip', ['netns', 'exec', machine.name, process.execPath, portcullis, 'run'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  ending = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  };
  let said = '';
  while (!said.includes('Ctrl-C ends it')) said += String((await once(child.stdout, 'data'))[0]);
  const problems = (name: string, port: number): string[] => {
    // The CA is not there, so that the exit code is 1.
    const text = machine.run(
      'sh',
      '-c',
      `cd ${folder} && ${process.execPath} ${portcullis} certs doctor ${name} --json; true`,
    );
    const [{ findings }] = JSON.parse(text) as [{ findings: Finding[] }];
    return findings
      .filter(({ level, check }) => level === 'problem' && check === `port-${port}`)
      .map(({ says, cure }) => `${says}: ${cure}`.replaceAll(/rule handle \d+/g, 'rule handle N'));
  };
  return { machine, problems };
}

test('our own table that drops a port is found, with the rule', { skip }, async (t) => {
  const { problems } = await gate(t, ['deny tcp 80 from any', 'allow tcp 443 from any']);
  assert.deepEqual(problems(addresses.gate.four, 80), [
    'rule 1 (portcullis.yaml:2) denies TCP port 80 to the Internet: put allow tcp 80 from any before it: CAs call from anywhere',
    `the kernel's firewall drops TCP port 80 from the Internet (inet portcullis rule_1, rule handle N "rule 1: deny tcp 80 from any"): put allow tcp 80 from any before it and apply: CAs call from anywhere`,
  ]);
  assert.deepEqual(problems(addresses.gate.four, 443), []);
});

test('what is open over IPv4 alone is found for an address of IPv6', { skip }, async (t) => {
  const { problems } = await gate(t, ['allow tcp 80-443 from 0.0.0.0/0']);
  assert.deepEqual(problems(addresses.gate.four, 443), []);
  assert.deepEqual(problems(addresses.gate.six, 443), [
    'the default of the firewall denies TCP port 443 over IPv6 to the Internet: put allow tcp 443 from any before it: CAs call from anywhere',
    `the kernel's firewall drops TCP port 443 over IPv6 from the Internet (inet portcullis default, rule handle N "default: no rule matches"): put allow tcp 443 from any before it and apply: CAs call from anywhere`,
  ]);
});

test("somebody else's table that drops a port is found, although a request from this machine gets through", {
  skip,
}, async (t) => {
  const { machine, problems } = await gate(t, ['allow tcp 80-443 from any']);
  machine.run('nft', 'add table inet other; add chain inet other in { type filter hook input priority 0; }');
  machine.run('nft', 'add rule inet other in iifname "wire" tcp dport 443 drop');
  assert.deepEqual(problems(addresses.gate.four, 80), []);
  const [found, ...more] = problems(addresses.gate.four, 443);
  assert.match(
    found!,
    /^the kernel's firewall drops TCP port 443 from the Internet \(inet other in, rule handle N.*\): let it through there; firewall exposure shows what every port meets$/,
  );
  assert.deepEqual(more, []);
});
