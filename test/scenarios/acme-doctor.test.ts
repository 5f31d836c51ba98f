// What keeps a CA from issuing is said in a sentence with its cure: by the last error of the certificate, and by `certs doctor`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Finding } from '../../src/supervisor/supervisor.ts';
import { type AcmeWorld, acmeWorld } from '../acme-world.ts';
import { proxyDirectory } from '../directory-proxy.ts';

/** The last error of the one certificate, once it has failed. */
async function lastError(world: AcmeWorld): Promise<string> {
  await world.hears(/^no certificate for/);
  return (await world.listed())[0]!.lastError;
}

async function findings(world: AcmeWorld, name: string): Promise<Finding[]> {
  return (await world.ask({ ask: 'diagnose', name })) as Finding[];
}

const problems = (found: readonly Finding[]) =>
  found.filter(({ level }) => level === 'problem').map(({ says, cure }) => `${says}: ${cure}`);

/** A web server of somebody else at an address where the gate is not. */
async function stranger(context: TestContext, host: string, port: number, answer: RequestListener): Promise<void> {
  const server = createServer(answer);
  await once(server.listen(port, host), 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
}

for (const [kind, which] of [
  ['http-01', 'httpPort'],
  ['tls-alpn-01', 'tlsPort'],
] as const)
  test(`${kind}: a rule of our own firewall that keeps the CA out is named`, async (context) => {
    const world = await acmeWorld(context, 1);
    const port = world[which];
    const rule = { action: 'deny', protocol: 'tcp', port, source: 'any', description: 'not from outside' };
    const firewall = { rules: [rule, 'allow tcp all from any'] };
    await world.start(world.words(['shut.example.net'], { challenges: [kind] }, { firewall }));
    const says = await lastError(world);
    assert.match(
      says,
      new RegExp(`^shut\\.example\\.net could not be proven by ${kind}: the CA says (connection|unauthorized): `),
    );
    const cause = `rule 1 "not from outside" denies TCP port ${port} to the Internet: put allow tcp ${port} from any before it: CAs call from anywhere`;
    assert.ok(says.endsWith(cause), says);
  });

test('http-01: a name that leads elsewhere is told from one where nobody listens', async (context) => {
  const world = await acmeWorld(context, 1);
  await stranger(context, '127.0.0.8', world.httpPort, (_, response) =>
    response.writeHead(404, { Server: 'nginx' }).end(),
  );
  await stranger(context, '127.0.0.7', world.httpPort, (_, response) =>
    response.writeHead(301, { Location: 'https://elsewhere.example/' }).end(),
  );
  for (const [name, address] of [
    ['other', '127.0.0.8'],
    ['moved', '127.0.0.7'],
    ['dead', '127.0.0.9'],
  ] as const)
    await world.pebble.dns('add-a', { host: `${name}.example.net.`, addresses: [address] });
  await world.start(world.words(['other.example.net'], { challenges: ['http-01'] }));
  const cure = (name: string, address: string) =>
    `lead ${name}.example.net and TCP port ${world.httpPort} to this gate, or take the record with ${address} away`;
  const other = `other.example.net leads to 127.0.0.8, where another server answers at port ${world.httpPort}: status 404, "Server: nginx": ${cure('other', '127.0.0.8')}`;
  const says = await lastError(world);
  assert.ok(says.includes(other), says);
  assert.deepEqual(problems(await findings(world, 'moved.example.net')), [
    `moved.example.net leads to 127.0.0.7, where the request at port ${world.httpPort} is redirected to https://elsewhere.example/: ${cure('moved', '127.0.0.7')}`,
  ]);
  assert.deepEqual(problems(await findings(world, 'dead.example.net')), [
    `dead.example.net leads to 127.0.0.9, where nobody listens at TCP port ${world.httpPort} (connection refused): ${cure('dead', '127.0.0.9')}`,
  ]);
  assert.deepEqual(problems(await findings(world, 'good.example.net')), []);
});

test('a rule that lets IPv4 in alone, and a name that leads elsewhere over IPv6, which CAs try first', async (context) => {
  const world = await acmeWorld(context, 1);
  await world.pebble.dns('add-aaaa', { host: 'six.example.net.', addresses: ['::1'] });
  const firewall = { rules: [`allow tcp ${world.httpPort} from 0.0.0.0/0`, 'allow tcp all from 127.0.0.0/8'] };
  const acme = { challenges: ['http-01'], names: [] };
  await world.start(world.words([], acme, { firewall, sites: [{ host: '*', to: 1 }] }));
  const [denied] = problems(await findings(world, 'six.example.net'));
  assert.equal(
    denied,
    `the default of the firewall denies TCP port ${world.httpPort} over IPv6 to the Internet: put allow tcp ${world.httpPort} from any before it: CAs call from anywhere`,
  );
  await stranger(context, '::1', world.httpPort, (_, response) => response.writeHead(404).end());
  const open = { rules: ['allow tcp all from any'] };
  const other = await acmeWorld(context, 1);
  await other.pebble.dns('add-aaaa', { host: 'six.example.net.', addresses: ['::1'] });
  await stranger(context, '::1', other.httpPort, (_, response) => response.writeHead(404).end());
  await other.start(other.words([], acme, { firewall: open, sites: [{ host: '*', to: 1 }] }));
  assert.deepEqual(problems(await findings(other, 'six.example.net')), [
    `six.example.net leads to ::1, where another server answers at port ${other.httpPort}: status 404: lead six.example.net and TCP port ${other.httpPort} to this gate, or take the record with ::1 away`,
  ]);
});

test('rules, limits, the WAF and redirects of our own are in no CA’s way', async (context) => {
  const world = await acmeWorld(context, 1);
  const strict = {
    rules: ['block if path starts with /.well-known', 'ban 1h if path starts with /.well-known'],
    rates: [{ limit: '1 per 1h' }],
    waf: { mode: 'block' as const },
  };
  await world.start(world.words(['strict.example.net'], { challenges: ['http-01'] }, strict));
  await world.hears(/^strict\.example\.net has/);
  for (let time = 0; time < 3; time++) assert.deepEqual(problems(await findings(world, 'strict.example.net')), []);
});

test('tls-alpn-01: another TLS server is told by its certificate', async (context) => {
  const world = await acmeWorld(context, 1);
  await world.pebble.dns('add-a', { host: 'there.example.net.', addresses: ['127.0.0.8'] });
  await stranger(context, '127.0.0.8', world.tlsPort, (_, response) => response.end());
  await world.start(world.words(['there.example.net'], { challenges: ['tls-alpn-01'] }));
  const says = await lastError(world);
  assert.match(
    says,
    /there\.example\.net leads to 127\.0\.0\.8, where another server speaks TLS at port \d+, or none does: it refuses the protocol of the proof/,
  );
  assert.deepEqual(problems(await findings(world, 'fine.example.net')), []);
});

test('DNS that has nothing, DNS that fails, and CAA for somebody else', async (context) => {
  const world = await acmeWorld(context, 1);
  const { pebble } = world;
  await pebble.dns('set-default-ipv4', { ip: '' });
  await pebble.dns('set-servfail', { host: 'broken.example.net.' });
  await pebble.dns('add-caa', { host: 'caa.example.net.', policies: [{ tag: 'issue', value: 'other-ca.example' }] });
  await pebble.dns('add-a', { host: 'www.caa.example.net.', addresses: ['127.0.0.1'] });
  const { directory, roots } = await proxyDirectory(context, pebble, { start: 0, end: 1 }, {}, ['pebble.example']);
  writeFileSync(join(world.directory, 'both.pem'), roots);
  const acme = { directory, roots: join(world.directory, 'both.pem'), names: [], challenges: ['http-01'] };
  await world.start(world.words([], acme, { sites: [{ host: '*', to: 1 }] }));
  assert.deepEqual(problems(await findings(world, 'nowhere.example.net')), [
    'nowhere.example.net has no A and no AAAA record, so that no CA finds it: add the record nowhere.example.net. A with the public address of this gate',
  ]);
  assert.deepEqual(problems(await findings(world, 'broken.example.net')).slice(0, 1), [
    'CAA of broken.example.net cannot be looked up (ESERVFAIL), and then no CA may issue: mend the name servers of broken.example.net',
  ]);
  assert.deepEqual(problems(await findings(world, 'www.caa.example.net')), [
    'the CAA records of caa.example.net let nobody but issue "other-ca.example" certify www.caa.example.net: add the record caa.example.net. CAA 0 issue "pebble.example"',
  ]);
});

test('CAA is judged for every CA that may be asked', async (context) => {
  const world = await acmeWorld(context, 1);
  const { pebble } = world;
  const window = { start: 0, end: 1 };
  const first = await proxyDirectory(context, pebble, window, {}, ['first.example']);
  const second = await proxyDirectory(context, pebble, window, {}, ['second.example']);
  writeFileSync(join(world.directory, 'all.pem'), `${first.roots}${second.roots}`);
  const policy = (value: string) => ({ tag: 'issue', value });
  for (const [host, ...values] of [
    ['one', 'first.example'],
    ['other', 'second.example'],
    ['both', 'first.example', 'second.example'],
  ] as const)
    await pebble.dns('add-caa', { host: `${host}.example.net.`, policies: values.map(policy) });
  const roots = join(world.directory, 'all.pem');
  const fallback = { directory: second.directory, roots };
  const acme = { directory: first.directory, roots, fallback, names: [], challenges: ['http-01'] };
  await world.start(world.words([], acme, { sites: [{ host: '*', to: 1 }] }));
  const caaOf = async (name: string) =>
    (await findings(world, name)).filter(({ check }) => check === 'caa').map(({ level, says }) => `${level}: ${says}`);
  const host = new URL(second.directory).host;
  assert.deepEqual(await caaOf('one.example.net'), [
    'good: CAA of one.example.net lets first.example certify one.example.net',
    `warning: for the fallback ${host}: the CAA records of one.example.net let nobody but issue "first.example" certify one.example.net`,
  ]);
  assert.deepEqual(await caaOf('other.example.net'), [
    'problem: the CAA records of other.example.net let nobody but issue "second.example" certify other.example.net',
    'good: CAA of other.example.net lets second.example certify other.example.net',
  ]);
  assert.deepEqual(await caaOf('both.example.net'), [
    'good: CAA of both.example.net lets first.example certify both.example.net',
    'good: CAA of both.example.net lets second.example certify both.example.net',
  ]);
  assert.deepEqual(await caaOf('free.example.net'), [
    'good: no CAA record says who may certify free.example.net, so every CA may',
  ]);
});

test('a resolver of our own that does not answer is no fault of the zone', async (context) => {
  const world = await acmeWorld(context, 1);
  const proxy = { resolvers: ['127.0.0.1:1'] };
  await world.start(world.words([], { names: [], challenges: ['http-01'] }, { proxy, sites: [{ host: '*', to: 1 }] }));
  const cure =
    'the resolver of this machine does not answer: see /etc/resolv.conf, or name others under proxy.resolvers';
  assert.deepEqual(problems(await findings(world, 'some.example.net')), [
    `CAA of some.example.net cannot be looked up (ECONNREFUSED), and then no CA may issue: ${cure}`,
    `some.example.net cannot be looked up (ECONNREFUSED): ${cure}`,
  ]);
});

test('a CA that is not there, and no listener at all', async (context) => {
  const world = await acmeWorld(context, 1);
  const listen = [{ port: world.tlsPort, tls: true, address: '127.0.0.1' }];
  await world.start(
    world.words(['alone.example.net'], { directory: 'https://127.0.0.1:1/dir', challenges: ['http-01'] }, { listen }),
  );
  const says = await lastError(world);
  assert.match(says, /127\.0\.0\.1:1 cannot be asked: no connection \(ECONNREFUSED\)/);
  assert.ok(
    says.includes(
      `no listener can answer http-01, for which the CA calls TCP port ${world.httpPort}: add - { port: ${world.httpPort}, redirect: https } under listen`,
    ),
    says,
  );
});

test('what is well is said, too', async (context) => {
  const world = await acmeWorld(context, 1);
  await world.start(world.words(['well.example.net']));
  const found = await findings(world, 'well.example.net');
  assert.deepEqual(problems(found), []);
  const said = found.map(({ says }) => says.replaceAll(/\d{4,5}/g, 'PORT'));
  for (const wanted of [
    '127.0.0.1:PORT answers',
    'the clock of this machine is that of 127.0.0.1:PORT',
    'no CAA record says who may certify well.example.net, so every CA may',
    'well.example.net is 127.0.0.1',
    'http-01 is answered by this gate at 127.0.0.1, TCP port PORT',
    'tls-alpn-01 is answered by this gate at 127.0.0.1, TCP port PORT',
  ])
    assert.ok(said.includes(wanted), `${wanted}\n${said.join('\n')}`);
});
