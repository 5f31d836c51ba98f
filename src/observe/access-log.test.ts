// Access logs: both formats, hostile fields, and the ways to syslog and systemd's journal over real sockets.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { createServer as createSecureServer } from 'node:tls';
import { constantFrom, assert as holds, property, string } from 'fast-check';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import type { AccessLogWords } from '../traffic/log-target.ts';
import { answer } from '../traffic/verdict.ts';
import { AccessLines } from './access-line.ts';
import { AccessLog } from './access-log.ts';
import { systemFiles } from './files.ts';
import { sinksOver } from './sinks.ts';

const directory = mkdtempSync(join(tmpdir(), 'portcullis-access-'));
after(() => rmSync(directory, { recursive: true }));

function exchange(
  more: { target?: string; agent?: string; referer?: string; refused?: boolean; method?: string } = {},
): Exchange {
  const at = Date.UTC(2026, 10, 25, 22, 31, 5);
  const connection = new Connection(1, '203.0.113.7', 50_000, '192.0.2.1', 443, ':443', false, at);
  const target = more.target ?? '/a?b=1';
  const headers = Headers.from([
    ['user-agent', more.agent ?? 'Test/1.0'],
    ['referer', more.referer ?? 'https://a.example/'],
    ['authorization', 'Basic c2VjcmV0'],
  ]);
  const one = new Exchange(
    '01J',
    connection,
    1,
    at,
    more.method ?? 'GET',
    target,
    '/a',
    'b=1',
    '1.1',
    'a.example',
    headers,
    0,
  );
  one.client = '198.51.100.9';
  one.status = more.refused === true ? 403 : 200;
  one.responseBytes = 512;
  one.ms = 1.23456;
  one.upstreamTo = more.refused === true ? '' : '127.0.0.1:3000';
  if (more.refused === true) {
    one.refusal = answer(403, 'waf/sql-injection', 'says');
    one.refusedBy = 'waf';
  }
  return one;
}

const combined = (one: Exchange) => new AccessLines('combined').of(one);

test('the combined format is what every tool reads', () => {
  assert.equal(
    combined(exchange()),
    '198.51.100.9 - - [25/Nov/2026:22:31:05 +0000] "GET /a?b=1 HTTP/1.1" 200 512 "https://a.example/" "Test/1.0"',
  );
  const bare = exchange({ agent: '', referer: '' });
  bare.status = 0;
  bare.responseBytes = 0;
  assert.match(combined(bare), /" 499 - "-" "-"$/);
});

test('JSON has what each layer decided, and no secret', () => {
  const line = new AccessLines('json').of(exchange({ refused: true }));
  assert.ok(!line.includes('c2VjcmV0'));
  const { time, verdict, layer, why, status, ms, upstream } = JSON.parse(line);
  assert.deepEqual(
    [time, verdict, layer, why, status, ms, upstream],
    ['2026-11-25T22:31:05.000Z', 'block', 'waf', 'waf/sql-injection', 403, 1.235, ''],
  );
});

test('what a client sends cannot end a line, close a quote, or steer a terminal', () => {
  const hostile = '" 200 0\n127.0.0.1 - - [x] "GET /forged \u001b[2J\\\u202e\u009b\ud800';
  const line = combined(exchange({ agent: hostile, referer: hostile, target: `/${hostile}`, method: 'GET"' }));
  assert.match(line, /^[ -~]+$/);
  assert.equal(line.split('"').length, 7);
  assert.ok(line.includes('\\x22 200 0\\x0A127'));
  holds(
    property(
      string({ unit: 'binary' }),
      string({ unit: 'binary' }),
      constantFrom('combined', 'json'),
      (agent, target, format) => {
        const text = new AccessLines(format).of(exchange({ agent, target }));
        if (format === 'json') return typeof JSON.parse(text) === 'object' && !text.includes('\n');
        return /^[ -~]+$/.test(text) && text.split('"').length === 7;
      },
    ),
  );
});

function words(to: AccessLogWords['to'], more: Partial<AccessLogWords> = {}): AccessLogWords {
  return { format: 'combined', to, onlyTroubles: false, facility: 16, ...more };
}

function logTo(one: AccessLogWords, journald?: string): AccessLog {
  return new AccessLog(one, sinksOver(systemFiles, [one.to], journald), 'gate.example');
}

/** A server that keeps all it was sent. */
async function server(
  t: TestContext,
  at?: string,
): Promise<{ server: Server; sockets: Socket[]; text(): string; until(what: RegExp): Promise<void>; port: number }> {
  const sockets: Socket[] = [];
  let text = '';
  const waiting: (() => void)[] = [];
  const one = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      for (const wake of waiting.splice(0)) wake();
    });
  });
  if (at === undefined) one.listen(0, '127.0.0.1');
  else one.listen(at);
  await once(one, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    one.close();
  });
  const until = async (what: RegExp): Promise<void> => {
    while (!what.test(text)) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return {
    server: one,
    sockets,
    text: () => text,
    until,
    port: at === undefined ? (one.address() as AddressInfo).port : 0,
  };
}

test('a file gets a line an exchange; only troubles where that is wanted', async () => {
  const path = join(directory, 'access.log');
  const log = logTo(words({ kind: 'file', path }, { onlyTroubles: true }));
  await log.file.start();
  log.tell(exchange(), 'pass');
  log.tell(exchange({ refused: true }), 'block');
  await log.file.stop();
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.equal(lines.length, 2);
  assert.match(lines[0]!, / 403 512 /);
  assert.equal(log.counts.written, 1);
});

test('syslog over TCP: RFC 5424 messages, each with its length before it (RFC 6587)', async (t) => {
  const { port, text } = await server(t);
  const log = logTo(words({ kind: 'syslog', transport: 'tcp', host: '127.0.0.1', port }));
  log.tell(exchange(), 'pass');
  log.tell(exchange({ refused: true, agent: 'gr\u00fc\u00df dich' }), 'block');
  await log.file.stop();
  const messages: string[] = [];
  let rest = Buffer.from(text(), 'utf8');
  while (rest.length > 0) {
    const space = rest.indexOf(' ');
    const length = Number(rest.subarray(0, space));
    messages.push(rest.subarray(space + 1, space + 1 + length).toString('utf8'));
    rest = rest.subarray(space + 1 + length);
  }
  assert.equal(messages.length, 2);
  // 16 × 8 + 6, and + 4: local0, informational and warning.
  assert.match(
    messages[0]!,
    /^<134>1 2026-11-25T22:31:05\.000Z gate\.example portcullis - access - 198\.51\.100\.9 - - \[.+"Test\/1\.0"$/,
  );
  assert.match(messages[1]!, /^<132>1 .+dich"$/);
});

test('syslog over TLS: to the server that was named and to nobody else (RFC 5425)', async (t) => {
  const make = (name: string, subject: string) => {
    const [key, cert] = [join(directory, `${name}.key`), join(directory, `${name}.crt`)];
    execFileSync(
      'openssl',
      `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=${name} -addext subjectAltName=${subject} -keyout ${key} -out ${cert}`.split(
        ' ',
      ),
      { stdio: 'ignore' },
    );
    return { key: readFileSync(key), cert: readFileSync(cert), file: cert, keyFile: key };
  };
  const [good, other] = [make('good', 'IP:127.0.0.1'), make('other', 'DNS:elsewhere.example')];
  const [client, stranger] = [make('client', 'DNS:gate.example'), make('stranger', 'DNS:gate.example')];
  const asking = { ...good, ca: [client.cert], requestCert: true, rejectUnauthorized: true };
  for (const { shown, ca, says, own = null } of [
    { shown: good, ca: good.file, says: '' },
    { shown: asking, ca: good.file, own: client, says: '' },
    { shown: asking, ca: good.file, own: stranger, says: 'it may want another certificate' },
    { shown: asking, ca: good.file, says: 'failed: tlsv13 alert certificate required' },
    { shown: good, ca: null, says: 'self-signed certificate' },
    { shown: other, ca: other.file, says: 'does not match' },
    { shown: good, ca: join(directory, 'none.pem'), says: 'ENOENT' },
  ]) {
    let text = '';
    let isHeard: () => void = () => {};
    const heard = new Promise<void>((resolve) => {
      isHeard = resolve;
    });
    const receiver = createSecureServer(shown, (socket) => {
      socket.on('error', () => {});
      socket.on('data', (piece) => {
        text += piece;
        if (text.includes('Test/1.0')) isHeard();
      });
    }).listen(0, '127.0.0.1');
    receiver.on('tlsClientError', () => {});
    await once(receiver, 'listening');
    t.after(() => receiver.close());
    const { port } = receiver.address() as AddressInfo;
    const files = { ca, certificate: own?.file ?? null, key: own?.keyFile ?? null };
    const log = logTo(words({ kind: 'syslog', transport: 'tls', host: '127.0.0.1', port, ...files }));
    log.tell(exchange(), 'pass');
    if (says === '') await heard;
    await log.file.stop();
    if (says === '') assert.match(text, /^\d+ <134>1 2026-11-25T22:31:05\.000Z gate\.example portcullis - access - /);
    else {
      assert.equal(text, '');
      assert.ok(log.counts.trouble.includes(says), `${says}: ${log.counts.trouble}`);
    }
  }
});

test('syslog over UDP and over a Unix socket', async (t) => {
  const receiver = createSocket('udp4');
  receiver.bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  t.after(() => receiver.close());
  const received = once(receiver, 'message');
  const udp = logTo(words({ kind: 'syslog', transport: 'udp', host: '127.0.0.1', port: receiver.address().port }));
  udp.tell(exchange(), 'pass');
  await udp.file.flush();
  assert.match(String((await received)[0]), /^<134>1 .+"Test\/1\.0"$/);
  await udp.file.stop();
  const path = join(directory, 'syslog.sock');
  const unix = await server(t, path);
  const log = logTo(words({ kind: 'syslog', transport: 'unix', path }, { format: 'json' }));
  log.tell(exchange(), 'pass');
  await log.file.stop();
  assert.match(unix.text(), /^\d+ <134>1 .+ access - \{"time":/);
});

test("systemd's journal is greeted as sd_journal_stream_fd() does, and lines have their priority", async (t) => {
  const path = join(directory, 'journald.sock');
  const journald = await server(t, path);
  const log = logTo(words({ kind: 'journald' }), path);
  log.tell(exchange(), 'pass');
  log.tell(exchange({ refused: true }), 'block');
  await log.file.stop();
  const [identifier, unit, priority, prefixed, ...rest] = journald.text().split('\n');
  assert.deepEqual(
    [identifier, unit, priority, prefixed, rest.slice(0, 3)],
    ['portcullis', '', '6', '1', ['0', '0', '0']],
  );
  assert.match(rest[3]!, /^<6>198\.51\.100\.9 - - /);
  assert.match(rest[4]!, /^<4>198\.51\.100\.9 - - /);
});

test('a server that is gone costs lines, which are counted, and is used again when it is back', async (t) => {
  const first = await server(t);
  const { port } = first;
  const log = logTo(words({ kind: 'syslog', transport: 'tcp', host: '127.0.0.1', port }));
  log.tell(exchange(), 'pass');
  await log.file.flush();
  await first.until(/access/);
  for (const socket of first.sockets) socket.destroy();
  first.server.close();
  await once(first.server, 'close');
  // What the kernel took before it knew that nobody is there is lost unseen; what comes then is counted.
  while (log.counts.dropped === 0) {
    log.tell(exchange(), 'pass');
    await log.file.flush();
  }
  assert.match(log.counts.trouble, /ECONNREFUSED|closed|EPIPE|ECONNRESET/);
  const second = createServer((socket) => socket.resume());
  second.listen(port, '127.0.0.1');
  await once(second, 'listening');
  t.after(() => second.close());
  const before = log.counts.written;
  while (log.counts.written === before) {
    log.tell(exchange(), 'pass');
    await log.file.flush();
  }
  assert.equal(log.counts.trouble, '');
  await log.file.stop();
});
