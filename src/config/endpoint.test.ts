import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHost, parseUpstream } from './endpoint.ts';

test('a host is a name, a wildcard, an address, or any; in one spelling', () => {
  for (const [written, host] of [
    ['example.com', 'example.com'],
    ['Example.COM.', 'example.com'],
    ['*.Example.com', '*.example.com'],
    ['*', '*'],
    ['localhost', 'localhost'],
    ['my_app.internal', 'my_app.internal'],
    ['192.0.2.7', '192.0.2.7'],
    ['2001:DB8::1', '[2001:db8::1]'],
    ['[2001:db8::1]', '[2001:db8::1]'],
    ['bücher.example', 'xn--bcher-kva.example'],
  ] as const)
    assert.deepEqual(parseHost(written), { value: host }, written);
});

test('what is no host says what to write', () => {
  for (const [written, says, instead] of [
    ['https://example.com/', 'the host "https://example.com/" has a scheme', 'write example.com alone'],
    ['example.com/api', 'the host "example.com/api" has a path', 'write the path as `path: /…` beside the host'],
    [
      'example.com:443',
      'the host "example.com:443" has a port',
      'write example.com alone: ports stand under listen, and a site is served on each of them',
    ],
    ['-a.example', '"-a.example" is not a host name', 'write a name such as example.com, *.example.com, or * for any'],
    ['a..b', '"a..b" is not a host name', 'write a name such as example.com, *.example.com, or * for any'],
    [
      '*.192.0.2.7',
      '"*.192.0.2.7" is not a host name',
      'write a name such as example.com, *.example.com, or * for any',
    ],
    ['1.2.3', '"1.2.3" is not a host name', 'write a name such as example.com, *.example.com, or * for any'],
    ['a b', '"a b" is not a host name', 'write a name such as example.com, *.example.com, or * for any'],
    ['', '"" is not a host name', 'write a name such as example.com, *.example.com, or * for any'],
  ] as const)
    assert.deepEqual(parseHost(written), { says, instead }, written);
});

test('an upstream is host and port, a port of this machine, a URL, or a socket', () => {
  for (const [written, url, protocol, secure, host, port, socketPath] of [
    ['localhost:3000', 'localhost:3000', 'h1', false, 'localhost', 3000, ''],
    [3000, 'localhost:3000', 'h1', false, 'localhost', 3000, ''],
    ['3000', 'localhost:3000', 'h1', false, 'localhost', 3000, ''],
    ['http://App.internal:8080/', 'app.internal:8080', 'h1', false, 'app.internal', 8080, ''],
    ['http://app', 'app:80', 'h1', false, 'app', 80, ''],
    ['[::1]:3000', '[::1]:3000', 'h1', false, '::1', 3000, ''],
    ['http://[::1]', '[::1]:80', 'h1', false, '::1', 80, ''],
    ['10.0.0.5:80', '10.0.0.5:80', 'h1', false, '10.0.0.5', 80, ''],
    ['https://api.example', 'https://api.example:443', 'h1', true, 'api.example', 443, ''],
    ['HTTPS://10.0.0.5:8443/', 'https://10.0.0.5:8443', 'h1', true, '10.0.0.5', 8443, ''],
    ['h2c://localhost:50051', 'h2c://localhost:50051', 'h2', false, 'localhost', 50_051, ''],
    ['h2://grpc.example', 'h2://grpc.example:443', 'h2', true, 'grpc.example', 443, ''],
    ['unix:/run/app.sock', 'unix:/run/app.sock', 'h1', false, '', 0, '/run/app.sock'],
    ['unix:///run/app.sock', 'unix:/run/app.sock', 'h1', false, '', 0, '/run/app.sock'],
    ['/run/app.sock', 'unix:/run/app.sock', 'h1', false, '', 0, '/run/app.sock'],
    ['h2c+unix:/run/app.sock', 'h2c+unix:/run/app.sock', 'h2', false, '', 0, '/run/app.sock'],
    ['H2C+unix:///run/app.sock', 'h2c+unix:/run/app.sock', 'h2', false, '', 0, '/run/app.sock'],
  ] as const)
    assert.deepEqual(
      parseUpstream(written),
      { value: { url, protocol, secure, host, port, socketPath } },
      String(written),
    );
});

test('what is no upstream says what to write', () => {
  const instead = 'write host:port, such as localhost:3000 or [::1]:3000';
  for (const [written, fault] of [
    ['localhost', { says: 'the upstream "localhost" has no port', instead }],
    ['localhost:', { says: '"" is not a port', instead: 'a port is a whole number from 1 to 65535' }],
    ['localhost:70000', { says: '"70000" is not a port', instead: 'a port is a whole number from 1 to 65535' }],
    [0, { says: 'the upstream "0" has no port', instead }],
    ['::1', { says: 'the IPv6 address in "::1" needs brackets', instead: 'write [::1]:3000' }],
    [
      'grpc://app:443',
      {
        says: '"grpc" is no scheme of an upstream',
        instead: 'write http, https, h2c (HTTP/2 without TLS) or h2 (HTTP/2 under TLS) before ://',
      },
    ],
    ['unix:app.sock', { says: '"app.sock" is not the whole path of a socket', instead: 'write unix:/run/app.sock' }],
    [
      `/${'x'.repeat(107)}`,
      {
        says: 'the path of the socket has 108 bytes, and the kernel takes 107',
        instead: 'put the socket into a directory with a shorter name',
      },
    ],
    [
      'http://app:80/api',
      {
        says: 'the upstream "http://app:80/api" has a path',
        instead: 'write app:80: requests keep the path they came with',
      },
    ],
    ['user@app:80', { says: '"user@app" is not a host name', instead }],
  ] as const)
    assert.deepEqual(parseUpstream(written), fault, String(written));
});

test('any text is an endpoint that reads the same again, or has a fault', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.stringMatching(/^(https?:\/\/|h2c?:\/\/|unix:)?[a-z0-9.:[\]-]{0,20}(:[0-9]{1,5})?\/?$/),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const upstream = parseUpstream(text);
      if ('value' in upstream) assert.deepEqual(parseUpstream(upstream.value.url), upstream);
      const host = parseHost(text);
      if ('value' in host) assert.deepEqual(parseHost(host.value), host);
    }),
  );
});
