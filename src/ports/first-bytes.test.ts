import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { classifyFirstBytes, type FirstBytes, maxFirstBytes } from './first-bytes.ts';

const bytes = (text: string) => Buffer.from(text, 'latin1');

test('the first bytes tell the protocol', () => {
  const cases: [text: string, speaks: FirstBytes][] = [
    ['', 'more'],
    ['\x16', 'more'],
    ['\x16\x03\x01\x02', 'more'],
    ['\x16\x03\x01\x02\x00\x01', 'tls'],
    ['\x16\x03\x03\x00\x01\x01', 'tls'],
    ['\x16\x03\x01\x02\x00\x02', 'unknown'],
    ['\x16\x03\x01\x00\x00\x01', 'unknown'],
    ['\x16\x03\x01\xff\xff\x01', 'unknown'],
    ['\x16\x02', 'unknown'],
    ['\x16\x03\x05', 'unknown'],
    ['\x15\x03\x01\x00\x02\x02', 'unknown'],
    ['GET', 'more'],
    ['GET ', 'more'],
    ['GET /', 'http1'],
    ['get /', 'http1'],
    ['\r\nGET /', 'http1'],
    ['OPTIONS *', 'http1'],
    ['CONNECT example.com:443 HTTP/1.1', 'http1'],
    ['CONNECT \x00', 'unknown'],
    ['GET http:/', 'more'],
    ['GET http://example.com/ HTTP/1.1', 'http1'],
    ['GET ftp://', 'unknown'],
    ['EHLO mail.example\r\n', 'unknown'],
    [' GET /', 'unknown'],
    [`${'A'.repeat(32)} /`, 'http1'],
    [`${'A'.repeat(33)} /`, 'unknown'],
    ['\r\n', 'more'],
    ['\rG', 'unknown'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'http2'],
    ['PRI * HTTP/2.0\r\n\r\nSM', 'more'],
    ['PRI * HTTP/1.1\r\n', 'http1'],
    ['SSH-2.0-OpenSSH_9.9\r\n', 'ssh'],
    ['SSH', 'more'],
    ['PROXY TCP4 203.0.113.7 192.0.2.1 52431 443\r\n', 'proxy1'],
    ['PROXY TCP6 ::1 ::1 1 2\r\n', 'proxy1'],
    ['PROXY UNKNOWN\r\n', 'proxy1'],
    ['PROXY TCP', 'more'],
    ['PROXY /x HTTP/1.1\r\n', 'http1'],
    ['\r\n\r\n\x00\r\nQUIT\n', 'proxy2'],
    ['\r\n\r\n\x00\r\nQUIT\n\x21\x11', 'proxy2'],
    ['\r\n\r\nGET /', 'unknown'],
    ['\x00\x00', 'unknown'],
    ['é', 'unknown'],
  ];
  for (const [text, speaks] of cases) assert.equal(classifyFirstBytes(bytes(text)), speaks, JSON.stringify(text));
});

test('a ClientHello of a real client is TLS', async () => {
  const first = await new Promise<Buffer>((resolve, reject) => {
    const server = createServer((socket: Socket) => {
      socket.on('error', () => {});
      socket.once('data', (data: Buffer) => {
        socket.destroy();
        server.close();
        resolve(data);
      });
    });
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      assert.ok(address !== null && typeof address === 'object');
      connect({ port: address.port, host: '127.0.0.1', rejectUnauthorized: false }).on('error', () => {});
    });
  });
  assert.equal(classifyFirstBytes(first), 'tls');
});

test('whatever follows, an answer stays, and it comes within the bound', () => {
  const starts = [
    'GET ',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'PROXY TCP4 ',
    '\r\n\r\n\0\r\nQUIT\n',
    'SSH-',
    '\x16\x03\x01',
  ];
  const part = fc.oneof(
    fc.constantFrom(...starts).chain((text) => fc.nat(text.length).map((length) => bytes(text.slice(0, length)))),
    fc.uint8Array({ maxLength: 50 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 50 }).map(bytes),
  );
  fc.assert(
    fc.property(part, part, (before, after) => {
      const whole = Buffer.concat([before, after]);
      let answer: FirstBytes = 'more';
      for (let length = 0; length <= whole.length; length++) {
        const now = classifyFirstBytes(whole.subarray(0, length));
        if (answer !== 'more') assert.equal(now, answer);
        if (length >= maxFirstBytes) assert.notEqual(now, 'more');
        answer = now;
      }
    }),
    { numRuns: 1000 },
  );
});
