import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../base/clock.ts';
import { build, type Reader } from '../ports/ports.ts';
import { type Arguments, UsageError, type World } from './command.ts';
import { type Machine, ports, portsOn } from './ports.ts';

const row = (local: string, remote: string, state: string, inode = 0) =>
  `   0: ${local} ${remote} ${state} 0:0 00:0 0 0 0 ${inode} 1\n`;

/** A machine whose table towards 127.0.0.1:3000 grows by two connections at each look. */
function machine(endpoints: readonly string[] | null): Machine {
  const clock = new ManualClock();
  let connections = 0;
  const reader: Reader = {
    read: (path) => {
      if (path === '/proc/sys/net/ipv4/ip_local_port_range') return '50000 50019';
      if (path !== '/proc/net/tcp') return null;
      connections += 2;
      let rows = row('00000000:01BB', '00000000:0000', '0A', 7) + row('0500000A:1538', '00000000:0000', '0A', 8);
      for (let port = 50000; port < 50000 + connections; port++)
        rows += row(`0100007F:${port.toString(16).toUpperCase()}`, '0100007F:0BB8', port % 2 === 0 ? '06' : '01');
      return rows;
    },
    list: (path) => (path === '/proc' ? ['12'] : path === '/proc/12/fd' ? ['3'] : []),
    link: (path) => (path === '/proc/12/fd/3' ? 'socket:[7]' : '/usr/bin/node'),
  };
  return {
    ports: () => build({ reader }),
    clock,
    wait: async (ms) => clock.advance(ms),
    upstreamEndpoints: async () => endpoints,
  };
}

async function said(
  line: string,
  on = machine(null),
  options: Arguments['options'] = {},
): Promise<{ code: number; text: string }> {
  let text = '';
  const world: World = {
    stdout: { write: (some: string) => (text += some) },
    stderr: { write: () => {} },
    env: {},
    cwd: '/',
    stop: new AbortController().signal,
  };
  const code = await portsOn(on).run({ words: line.split(' ').filter(Boolean), options }, world);
  return { code, text };
}

test('ports: the ranges, and what is left towards each upstream', async () => {
  const { code, text } = await said('', machine(['127.0.0.1:3000']));
  assert.equal(code, 0);
  assert.ok(text.includes('well-known  0–1023       assigned by IANA to system services'), text);
  assert.ok(
    text.includes('This kernel lends 50000–50019 to outgoing connections: 20 ports for each upstream endpoint.'),
  );
  assert.ok(
    text.endsWith(
      '127.0.0.1:3000            8            4          4           8    12  in 2 s, at 6.0 ports a second\n',
    ),
    text,
  );
});

test('ports: no gate, no upstreams', async () => {
  assert.ok((await said('')).text.includes('No gate is running here'));
  assert.ok((await said('', machine([]))).text.includes('The running gate has no upstreams.'));
});

test('ports --json', async () => {
  const overview = JSON.parse(
    (await said('', machine(['127.0.0.1:3000', '127.0.0.1:1']), { json: true, seconds: '3' })).text,
  );
  assert.equal(overview.gate, true);
  assert.deepEqual(overview.kernel, { from: 50000, to: 50019, reserved: [], ports: 20 });
  assert.equal(overview.upstreams[0].forecast.secondsLeft, 6);
  assert.deepEqual(overview.upstreams[1], {
    endpoint: '127.0.0.1:1',
    connections: 0,
    byState: {},
    used: 0,
    free: 20,
    forecast: null,
  });
  const port = JSON.parse((await said('443', machine(null), { json: true })).text);
  assert.deepEqual([port.port, port.range.name, port.listening[0].process.pid], [443, 'well-known', 12]);
  const leads = JSON.parse((await said('example.com', machine(null), { json: true })).text);
  assert.deepEqual([leads.host, leads.port, leads.portImplied], ['example.com', 443, true]);
});

test('ports 443, ports postgres: what a port is for and who listens', async () => {
  assert.equal(
    (await said('443')).text,
    '443 is in the well-known range 0–1023: assigned by IANA to system services; listening needs a privilege.\n' +
      '443/tcp  https: Web traffic (encrypted)\n' +
      '443/udp  https (also http3, quic): Web traffic over QUIC (HTTP/3)\n\n' +
      'PROTO  ADDRESS  PORT  SERVICE  PROCESS    SCOPE  REACHABLE\n' +
      'tcp    0.0.0.0   443  https    node (12)  all    from outside, on every address of this machine\n',
  );
  const { text } = await said('postgres');
  assert.ok(text.includes('? (not visible to this user)  one    from the private network, at 10.0.0.5'), text);
  assert.ok((await said('22')).text.includes('Browsers refuse to open http or https on it.'));
  assert.ok(
    (await said(':65000')).text.endsWith('No service is known on it.\nNothing listens on it on this machine.\n'),
  );
});

test('ports --listening: everything, or one port', async () => {
  const options = { listening: true };
  assert.equal((await said('', machine(null), options)).text.split('\n').length, 4);
  assert.ok((await said('5432', machine(null), options)).text.includes('10.0.0.5'));
});

test('ports URL: what it really connects to', async () => {
  assert.equal(
    (await said('http://example.com:8443')).text,
    'http://example.com:8443 → example.com:8443\n' +
      '  scheme  http, not encrypted\n' +
      '  host    example.com\n' +
      '  port    8443 (https-alt): the port is written\n',
  );
  assert.equal(
    (await said('https://bank.example@[::1]')).text,
    'https://bank.example@[::1] → [::1]:443\n' +
      '  scheme  https, encrypted by TLS\n' +
      '  host    ::1, an address: no DNS is asked\n' +
      '  port    443 (https): 443 is what https means where no port is written\n' +
      '  note    what stands before the @ is a user name: the host is ::1\n',
  );
});

test('wrong usage teaches', async () => {
  for (const [line, options, message] of [
    ['htps', {}, 'no service is known by the name "htps"\n  instead: did you mean "https"?'],
    ['70000', {}, '"70000" is not a port: ports are whole numbers of 16 bits\n  instead: a number from 0 to 65535'],
    ['http://::1', {}, 'the IPv6 address in "http://::1" has no brackets\n  instead: http://[::1]'],
    ['80 443', {}, 'ports takes one number, name or URL at a time'],
    ['', { seconds: '-1' }, '--seconds is a number greater than 0 and at most 600'],
  ] as const)
    await assert.rejects(said(line, machine(['127.0.0.1:3000']), options), new UsageError(message));
});

test('the command on this machine answers where no gate runs', async () => {
  let text = '';
  const world: World = {
    stdout: { write: (some: string) => (text += some) },
    stderr: { write: () => {} },
    env: {},
    cwd: '/',
    stop: new AbortController().signal,
  };
  const options = { json: true, 'data-dir': '/nonexistent/portcullis' };
  assert.equal(await ports.run({ words: [], options }, world), 0);
  assert.ok(JSON.parse(text).kernel.ports > 0);
});
