import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { urlEndpoint } from './url-endpoint.ts';

test('what a URL really connects to', () => {
  const cases: [url: string, scheme: string, host: string, port: number, implied: string, target?: string][] = [
    ['https://example.com', 'https', 'example.com', 443, 'port'],
    ['http://example.com', 'http', 'example.com', 80, 'port'],
    ['http://example.com:8443', 'http', 'example.com', 8443, ''],
    ['https://example.com:443/', 'https', 'example.com', 443, ''],
    ['example.com', 'https', 'example.com', 443, 'scheme port'],
    ['example.com:8080/x?y=1#z', 'https', 'example.com', 8080, 'scheme', '/x?y=1'],
    ['localhost:3000', 'https', 'localhost', 3000, 'scheme'],
    ['ws://example.com/chat', 'ws', 'example.com', 80, 'port', '/chat'],
    ['WSS://Example.COM', 'wss', 'example.com', 443, 'port'],
    ['http://[::1]:8080/', 'http', '::1', 8080, ''],
    ['[2001:DB8:0::1]', 'https', '2001:db8::1', 443, 'scheme port'],
    ['http://127.0.0.1', 'http', '127.0.0.1', 80, 'port'],
    ['https://example.com:/', 'https', 'example.com', 443, 'port'],
    ['https://bücher.example/', 'https', 'xn--bcher-kva.example', 443, 'port'],
    ['  https://example.com  ', 'https', 'example.com', 443, 'port'],
    ['https://example.com?q=://x', 'https', 'example.com', 443, 'port', '/?q=://x'],
  ];
  for (const [url, scheme, host, port, implied, target = '/'] of cases) {
    const answer = urlEndpoint(url);
    assert.ok(answer.ok, url);
    const { schemeImplied, portImplied, ...is } = answer.value;
    assert.deepEqual([is.scheme, is.host, is.port, is.target], [scheme, host, port, target], url);
    assert.equal([schemeImplied && 'scheme', portImplied && 'port'].filter(Boolean).join(' '), implied, url);
    assert.equal(is.secure, scheme === 'https' || scheme === 'wss');
  }
});

test('what may surprise is noted', () => {
  const notes = (url: string) => {
    const answer = urlEndpoint(url);
    return answer.ok ? [answer.value.host, ...answer.value.notes] : [];
  };
  assert.deepEqual(notes('https://bank.example@evil.example/'), [
    'evil.example',
    'what stands before the @ is a user name: the host is evil.example',
  ]);
  assert.deepEqual(notes('http://0x7f.1/'), ['127.0.0.1', '"0x7f.1" is another way to write 127.0.0.1']);
  assert.deepEqual(notes('http://2130706433/'), ['127.0.0.1', '"2130706433" is another way to write 127.0.0.1']);
  assert.deepEqual(notes('http://example.com:22/'), ['example.com', 'browsers refuse to connect to port 22']);
  assert.equal(notes('https://а.example/').length, 2);
  assert.deepEqual(notes('https://safe.example\\@evil.example/'), ['safe.example']);
  assert.deepEqual(notes('https://example.com'), ['example.com']);
});

test('bad input is a clear problem', () => {
  for (const [url, says, instead] of [
    ['', 'there is no URL', 'https://example.com'],
    ['https://', '"https://" names no host', 'https://example.com'],
    ['https://:443', '"https://:443" names no host', 'https://example.com'],
    ['htps://example.com', '"htps" is not a scheme of the web', 'did you mean "https://"?'],
    ['gopher://example.com', '"gopher" is not a scheme of the web', 'http, https, ws or wss'],
    ['http://example.com:0', '"0" is not a port that can be connected to', 'a number from 1 to 65535'],
    ['http://example.com:65536', '"65536" is not a port that can be connected to', 'a number from 1 to 65535'],
    ['http://example.com:http', '"http" is not a port that can be connected to', 'a number from 1 to 65535'],
    ['http://::1', 'the IPv6 address in "http://::1" has no brackets', 'http://[::1]'],
    ['http://exa mple.com', 'there is a space or a control character in "http://exa mple.com"', 'write it as %20'],
    ['http://exa<mple.com', '"exa<mple.com" is no host name and no address', 'https://example.com'],
    ['http://[::1', '"[::1" is no host name and no address', 'https://example.com'],
    ['http://999.1.1.1', '"999.1.1.1" is no host name and no address', 'https://example.com'],
    [`http://${'a'.repeat(9000)}`, 'a URL of 9007 characters', 'at most 8192 characters'],
  ] as const) {
    const answer = urlEndpoint(url);
    assert.ok(!answer.ok, url);
    assert.deepEqual([answer.problems[0]?.says, answer.problems[0]?.instead], [says, instead]);
  }
});

test('where a URL is accepted, it leads where the URL class leads', () => {
  const scheme = fc.constantFrom('http://', 'https://', 'ws://', 'wss://');
  const piece = fc.constantFrom(
    'a',
    'example.com',
    '@',
    ':',
    '80',
    '443',
    '[::1]',
    '/',
    '\\',
    '?',
    '#',
    '.',
    '%41',
    '0x7f',
  );
  fc.assert(
    fc.property(scheme, fc.array(piece, { maxLength: 8 }), (start, pieces) => {
      const url = start + pieces.join('');
      const answer = urlEndpoint(url);
      if (!answer.ok) return;
      const parsed = new URL(url);
      const port = parsed.port === '' ? (answer.value.secure ? 443 : 80) : Number(parsed.port);
      assert.equal(answer.value.port, port);
      assert.equal(answer.value.host, parsed.hostname.replace('[', '').replace(']', ''));
    }),
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => typeof urlEndpoint(text).ok === 'boolean'));
});
