// Ordinary requests: what people, browsers and programs send every day passes.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, gate, type Request } from '../../test/waf-asking.ts';

const waf = gate();
const encode = encodeURIComponent;

const texts: readonly string[] = [
  'select the union from the table',
  "O'Brien",
  '1 < 2 and 3 > 2',
  "It's 5 o'clock; don't be late (really)!",
  'a <b> c, x<y and y>z',
  'if a<b then c=d',
  'Tom & Jerry; Ben & Jerry; AT&T',
  'see ../images/logo.png',
  'wait... what/...',
  '# Title\n\n- one\n- *two* and `code`\n\n[link](https://example.com/a?b=c&d=e) ![logo](../../images/logo.png)',
  '<p>Hello <b>bold</b> and <i>it</i>, <a href="https://example.com/?a=1&b=2" title="it\'s">here</a><br/></p>',
  '<ul class="list"><li style="color: red">one</li></ul><img src="/a.png" alt="A > B">',
  'javascript: the good parts',
  'I learned javascript, html and sql; drop me a line',
  'The script element and the onclick attribute are explained in chapter 3',
  'price is 50% off (was $20), 100%!',
  'C:\\Users\\anna\\Documents\\new\\table.txt',
  'x = (a + b) * c - d / e',
  'f(x) = x^2, f(2) = 4',
  '你好（世界）；价格：１００元，谢谢！',
  'Grüße aus Köln – schön “hier” … ‘ja’',
  '👩‍👩‍👧 family ❤️',
  '2024-01-31T12:00:00+01:00',
  'anna.smith+news@example.com',
  'https://example.com/login?next=%2Fhome%3Ftab%3D2&lang=de',
  'https://a.example/?u=https%3A%2F%2Fb.example%2F%3Fv%3Dhttps%253A%252F%252Fc.example',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a text that people write
  'Dear {{ user.name }}, your order ${order} shipped',
  '"quoted" text once=true and only=1',
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'a8f5f167f44f4964e6c998dee827110c',
  'internationalization_of_everything',
  'rock & roll <3 <- that',
  'he said "print it" and left',
];

const json: readonly [string, string] = ['Content-Type', 'application/json; charset=utf-8'];

describe('texts', () => {
  const ways: readonly [string, (text: string) => Request][] = [
    ['an argument', (text) => ({ target: `/search?q=${encode(text)}&page=2` })],
    [
      'a form',
      (text) => ({ headers: [['Content-Type', 'application/x-www-form-urlencoded']], body: `a=${encode(text)}&b=1` }),
    ],
    ['JSON', (text) => ({ headers: [json], body: JSON.stringify({ comment: { text, tags: ['a', text] } }) })],
    [
      'a field',
      (text) => ({
        headers: [['Content-Type', 'multipart/form-data; boundary="----b0undary"']],
        body: `------b0undary\r\nContent-Disposition: form-data; name="text"\r\n\r\n${text}\r\n------b0undary--\r\n`,
      }),
    ],
  ];
  for (const text of texts)
    test(JSON.stringify(text), () => {
      for (const [way, request] of ways) {
        const outcome = ask(waf, request(text));
        assert.equal(outcome.why, 'pass', `in ${way}: ${JSON.stringify(outcome.exchange.findings)}`);
      }
    });
});

describe('clients', () => {
  const agents: readonly string[] = [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15',
    'Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0',
    'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/470.0]',
    'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html) Chrome/126.0.0.0 Safari/537.36',
    'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
    'curl/8.5.0',
    'python-requests/2.32.3',
    'Go-http-client/1.1',
    'okhttp/4.12.0',
    'PostmanRuntime/7.39.0',
    'Wget/1.21.4',
  ];
  for (const agent of agents)
    test(agent, () => {
      const outcome = ask(waf, {
        target: '/products/list/item-42?q=red+shoes&page=2&sort=price',
        headers: [
          ['Host', 'shop.example.com'],
          ['User-Agent', agent],
          ['sec-ch-ua', '"Not/A)Brand";v="8", "Chromium";v="126", "Google Chrome";v="126"'],
          ['sec-ch-ua-platform', '"Windows"'],
          ['sec-ch-ua-mobile', '?0'],
          [
            'Accept',
            'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7',
          ],
          ['Accept-Language', 'en-US,en;q=0.9,de;q=0.8'],
          ['Accept-Encoding', 'gzip, deflate, br, zstd'],
          ['If-None-Match', 'W/"33a64df551425fcc55e4d42a148795d9f25f89d4"'],
          ['If-Modified-Since', 'Wed, 21 Oct 2015 07:28:00 GMT'],
          ['Range', 'bytes=0-1023, 2048-'],
          ['Referer', 'https://www.google.com/search?q=select+a+table&sca_esv=1&source=hp#top'],
          ['Origin', 'null'],
          ['X-Forwarded-For', '203.0.113.7, 2001:db8::1, unknown'],
          ['Forwarded', 'for="[2001:db8::1]:4711";proto=https;by=203.0.113.43'],
          ['Authorization', `Basic ${Buffer.from("anna:it's (my) pass;word").toString('base64')}`],
        ],
      });
      assert.equal(outcome.why, 'pass', JSON.stringify(outcome.exchange.findings));
      assert.equal(outcome.exchange.wafAction, 'pass');
    });

  test('cookies of trackers, consent banners and sessions', () => {
    const claims = Buffer.from(JSON.stringify({ sub: '1234567890', name: "John O'Neil", roles: ['a', 'b'] })).toString(
      'base64url',
    );
    for (const cookie of [
      '_ga=GA1.2.1234567890.1612345678; _gid=GA1.2.987654321.1612345678; _gat=1',
      '_ga_ABC123=GS1.1.1700000000.3.1.1700000100.0.0.0; _fbp=fb.1.1700000000000.1234567890; _gcl_au=1.1.123.456',
      `session=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.${claims}.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c`,
      'OptanonConsent=isGpcEnabled=0&datestamp=Mon+Jan+01+2024+10%3A00%3A00+GMT%2B0100&version=6.10.0&hosts=&groups=C0001%3A1%2CC0002%3A0',
      'prefs=%7B%22theme%22%3A%22dark%22%2C%22sizes%22%3A%5B1%2C2%5D%7D; connect.sid=s%3AabcDEF123.Zm9vYmFy%2Fbaz%2Bqux',
      'XSRF-TOKEN="aGVsbG8gd29ybGQgdG9rZW4="; PHPSESSID=o2k3vd8hm6g1; csrftoken=Qm9vbQ; lang=de-DE',
    ])
      assert.equal(ask(waf, { headers: [['Cookie', cookie]] }).why, 'pass', cookie);
  });
});

describe('bodies', () => {
  test('GraphQL, NDJSON, a JSON Patch, a long list', () => {
    const query =
      'query User($id: ID!) { user(id: $id) { name, posts(first: 10, after: "abc") { edges { node { id } } } } }';
    assert.equal(ask(waf, { headers: [json], body: JSON.stringify({ query, variables: { id: '42' } }) }).why, 'pass');
    const lines = `${JSON.stringify({ a: 'b c' })}\n${JSON.stringify({ a: 1 })}\n`;
    assert.equal(ask(waf, { headers: [['Content-Type', 'application/x-ndjson']], body: lines }).why, 'pass');
    const patch = '[{"op":"replace","path":"/a/b","value":"x"},{"op":"remove","path":"/c"}]';
    assert.equal(ask(waf, { headers: [['Content-Type', 'application/json-patch+json']], body: patch }).why, 'pass');
    const list = JSON.stringify(Array.from({ length: 2000 }, (_, index) => ({ id: index, name: `item-${index}` })));
    assert.equal(ask(waf, { headers: [json], body: list }).why, 'pass');
  });

  test('binary bodies are left alone, however long', () => {
    const image = Buffer.alloc(400_000, 7);
    image.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0], 0);
    assert.equal(ask(waf, { headers: [['Content-Type', 'image/png']], body: image }).why, 'pass');
  });

  test('a file may hold what a field may not, and be longer than what is inspected', () => {
    const body = [
      '--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nMy page\r\n',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="page (final), Anna\'s.html"\r\nContent-Type: text/html\r\n\r\n',
      '<script>alert(1)</script>'.repeat(20_000),
      '\r\n--x--\r\n',
    ].join('');
    assert.equal(ask(waf, { headers: [['Content-Type', 'multipart/form-data; boundary=x']], body }).why, 'pass');
  });

  test('SOAP passes', () => {
    const body =
      '<?xml version="1.0" encoding="UTF-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><m:Get xmlns:m="urn:x"><m:Name>Tom &amp; Jerry\'s</m:Name></m:Get></soap:Body></soap:Envelope>';
    assert.equal(ask(waf, { headers: [['Content-Type', 'text/xml; charset=utf-8']], body }).why, 'pass');
  });
});
