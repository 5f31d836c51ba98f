import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import { build, type RuleSettings, type RuleTools, reasons } from './rules.ts';

interface Ask {
  client?: string;
  method?: string;
  path?: string;
  query?: string;
  host?: string;
  secure?: boolean;
  headers?: [string, string][];
  length?: number;
}

function request(ask: Ask = {}): Exchange {
  const { client = '203.0.113.7', method = 'GET', path = '/', query = '', host = 'a.example', secure = true } = ask;
  const connection = new Connection(1, client, 52431, '192.0.2.1', 443, ':443 tls', secure, 0);
  const target = query === '' ? path : `${path}?${query}`;
  const headers = Headers.from(ask.headers ?? []);
  const exchange = new Exchange(
    'id',
    connection,
    1,
    0,
    method,
    target,
    path,
    query,
    '1.1',
    host,
    headers,
    ask.length ?? 0,
  );
  exchange.client = client;
  exchange.placingPath = path;
  return exchange;
}

const tools: RuleTools = {
  geography: {
    databases: new Set(['country']),
    country: (address) => (address === '203.0.113.7' ? 'DE' : ''),
    network: () => '',
  },
  // Here a pattern is a text that must be in the value; `waf/regex` has its own tests.
  compilePattern: (source, ignoresCase) =>
    source === '('
      ? { offset: 0, length: 1, says: 'the group does not end', instead: 'close it' }
      : { test: (text) => (ignoresCase ? text.toLowerCase() : text).includes(source) },
  thresholds: [5, 5],
  isSpared: ({ headers }) => headers.get('x-proven') !== null,
  locate: (path) => `portcullis.yaml:${Number(path.at(-1)) + 1}`,
};

const lists = { office: ['10.0.0.0/8', '2001:db8::/32'], methods: ['GET', 'HEAD'] };

function made(rules: readonly string[], more: Partial<RuleSettings> = {}) {
  const settings = { rules: rules.map((rule) => ({ rule, description: '' })), lists, sites: [], ...more };
  const result = build(settings, tools);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

/** Whether a request meets a condition. */
function meets(condition: string, ask: Ask): boolean {
  const rules = made([`block if ${condition}`]);
  return rules.judge(request(ask), rules.common).kind === 'answer';
}

const conditions: readonly [string, Ask, boolean][] = [
  ['path starts with /admin and not client in 10.0.0.0/8', { path: '/admin/x' }, true],
  ['path starts with /admin and not client in 10.0.0.0/8', { path: '/admin/x', client: '10.1.2.3' }, false],
  ['path is under /admin', { path: '/admin' }, true],
  ['path is under /admin', { path: '/admin/' }, true],
  ['path is under /admin/', { path: '/admin;x' }, true],
  ['path is under /admin', { path: '/administrator' }, false],
  ['path is under /', { path: '/x' }, true],
  ['path is /health', { path: '/health' }, true],
  ['path is not /health', { path: '/health' }, false],
  ['client in office', { client: '10.9.9.9' }, true],
  ['client in office', { client: '2001:db8::9' }, true],
  ['client not in office', { client: '203.0.113.7' }, true],
  ['client is 203.0.113.7', {}, true],
  ['client in (198.51.100.0/24, 203.0.113.0/24)', {}, true],
  ['country is DE', {}, true],
  ['country is not DE', { client: '198.51.100.1' }, true],
  ['country exists', { client: '198.51.100.1' }, false],
  ['method in methods', {}, true],
  ['method in (PUT, "PATCH")', { method: 'PATCH' }, true],
  ['method is GET or method is HEAD and path is /x', { path: '/y' }, true],
  ['(method is GET or method is HEAD) and path is /x', { path: '/y' }, false],
  ['not not tls', {}, true],
  ['tls is no', { secure: false }, true],
  ['tls is not yes', { secure: true }, false],
  ['port >= 443', {}, true],
  ['port in (80, 8080)', {}, false],
  ['length > 1000', { length: 1001 }, true],
  ['length > 1000', { length: -1 }, false],
  ['header User-Agent contains curl', { headers: [['user-agent', 'curl/8']] }, true],
  ['header user-agent is missing', {}, true],
  ['header x exists', { headers: [['X', '']] }, true],
  [
    'header x is b',
    {
      headers: [
        ['X', 'a'],
        ['x', 'b'],
      ],
    },
    true,
  ],
  ['cookie session is "a b"', { headers: [['Cookie', 'x=1; session=a b']] }, true],
  ['argument q is "1 2"', { query: 'p=0&%71=1+2' }, true],
  ['argument q is "é"', { query: 'q=%C3%A9' }, true],
  ['argument größe is 1', { query: 'gr%C3%B6%C3%9Fe=1' }, true],
  ['argument q contains %', { query: 'q=50%' }, true],
  ['argument q exists', { query: 'qq=1' }, false],
  ['query ends with "&x"', { query: 'a&x' }, true],
  ['host matches /EXAMPLE/i', {}, false],
  ['host matches /example/i', {}, true],
  ['path matches /a\\/b/', { path: '/a/b' }, true],
  ["path is '/it''s'", {}, false],
];

test('conditions mean what they say', () => {
  let asked = 0;
  for (const [condition, ask, expected] of conditions) {
    if (condition.includes("''")) continue;
    assert.equal(meets(condition, ask), expected, `${condition}  ${JSON.stringify(ask)}`);
    asked++;
  }
  assert.ok(asked >= 40);
});

test('the first rule that decides is the last one asked; scores and skips go on', () => {
  const rules = made([
    'detect if method is GET',
    'skip rates if path is under /static',
    'score 3 if header user-agent is missing',
    'allow if client in office',
    'score 2 if query contains select',
    'block 404 if path is /secret',
    'close if method is TRACE',
  ]);
  const ask = (more: Ask) => {
    const exchange = request(more);
    const verdict = rules.judge(exchange, rules.common);
    return { verdict, exchange };
  };
  assert.deepEqual(ask({ path: '/secret' }).verdict, {
    kind: 'answer',
    status: 404,
    why: 'rules/blocked',
    says: 'rule 6: block 404 if path is /secret',
    rule: { id: 'rule 6', description: 'block 404 if path is /secret', at: 'portcullis.yaml:6' },
    evidence: null,
    retryAfterSeconds: 0,
  });
  assert.equal(ask({ method: 'TRACE' }).verdict.kind, 'close');
  const scored = ask({ query: 'a=select' });
  assert.equal(scored.verdict.kind === 'answer' && scored.verdict.why, 'rules/score');
  assert.equal(scored.exchange.wafScore, 5);
  assert.deepEqual(
    scored.exchange.findings?.map(({ detector, score, says }) => `${detector} ${score} ${says}`),
    [
      'own-rule 0 rule 1: detect if method is GET',
      'own-rule 3 rule 3: score 3 if header user-agent is missing',
      'own-rule 2 rule 5: score 2 if query contains select',
    ],
  );
  const allowed = ask({ path: '/secret', client: '10.0.0.1' });
  assert.equal(allowed.verdict.kind, 'pass');
  assert.deepEqual([allowed.exchange.skipsRates, allowed.exchange.skipsWaf], [true, true]);
  const still = ask({ path: '/static/a.css', headers: [['User-Agent', 'x']] });
  assert.deepEqual([still.exchange.skipsRates, still.exchange.skipsWaf], [true, false]);
});

test('rules of a site come behind those of the gate, and the comment is what a rule is for', () => {
  const rules = made(['allow if path is /health'], {
    sites: [
      { name: 'shop', rules: [{ rule: 'block if path is /health', description: 'nobody' }] },
      { name: 'blog', rules: [] },
    ],
  });
  assert.equal(rules.judge(request({ path: '/health' }), rules.policies[0]!).kind, 'pass');
  assert.equal(rules.policies[1], rules.common);
  assert.equal(rules.policies[0]![1]!.reference.id, 'shop rule 1');
  assert.equal(rules.policies[0]![1]!.reference.description, 'nobody');
});

const faults: readonly [string, string][] = [
  [
    '',
    '0+1 the rule is empty → begin with block, challenge, close, allow, detect, score, skip, ban, tarpit: block if path starts with /admin and not client in 10.0.0.0/8',
  ],
  ['blok if tls', '0+4 "blok" is nothing that a rule does → did you mean block?'],
  [
    'block 200 if tls',
    '6+3 "200" is not the status of a refusal → block if …, or block 404 if … (400 to 599): block if path starts with /admin and not client in 10.0.0.0/8',
  ],
  [
    'block',
    '5+1 the rule does not say when → block if …, or block 404 if … (400 to 599): block if path starts with /admin and not client in 10.0.0.0/8',
  ],
  [
    'allow when tls',
    '6+4 "when" is not expected here → if, and then a condition: block if path starts with /admin and not client in 10.0.0.0/8',
  ],
  ['score much if tls', '6+4 a score is a whole number from 1 to 1000 → score 3 if header user-agent contains curl'],
  ['ban if tls', '4+2 a ban has a length, from 1s to 366d → ban 1h if path is /wp-login.php'],
  ['skip all if tls', '5+3 "all" cannot be skipped → skip rates if …, or skip waf if …'],
  ['block if', '8+1 a condition ends here too early → path starts with /admin and not client in 10.0.0.0/8'],
  ['block if paht is /x', '9+4 "paht" is nothing that a request has → did you mean path?'],
  ['block if path iz /x', '14+2 "iz" is nothing that can be asked of path → did you mean is?'],
  [
    'block if path',
    '13+1 nothing is asked of path → is, in (…), starts with, ends with, contains, is under PATH, matches /PATTERN/, exists, is missing',
  ],
  [
    'block if path > 3',
    '14+1 ">" is for a number, and this is a text → is, in (…), starts with, ends with, contains, is under PATH, matches /PATTERN/, exists, is missing',
  ],
  [
    'block if client starts with 10',
    '16+6 "starts" is for a text, and this is an address → is ADDRESS, in NETWORK, in LIST, not in …',
  ],
  ['block if client in ofice', '19+5 there is no list "ofice" → did you mean office?'],
  ['block if asn is AS1', '9+3 "asn" needs a database, and none is named → geography: { asn: FILE.mmdb }'],
  ['block if port > many', '16+4 "many" is no number → a number, such as 8443'],
  ['block if header', '15+1 header wants the name of one → header NAME, such as user-agent'],
  ['block if (tls', '13+1 the parenthesis is not closed here → write ) where it ends, or and / or before more'],
  ['block if method in (GET', '23+1 the list is not closed here → write ) where it ends, or a comma before more'],
  ['block if path is "/x', '17+3 this text does not end → close it with "'],
  ['block if path matches /(/', '23+1 the group does not end → close it'],
  ['block if path matches x', '22+1 a pattern is missing here → /^[a-z]+$/, with an i behind it to ignore case'],
  ['block if path matches /x/g', '22+4 "g" is no flag of a pattern → i, or none'],
  ['block if tls and', '16+1 a condition ends here too early → path starts with /admin and not client in 10.0.0.0/8'],
  [
    'block if tls tls',
    '13+3 "tls" is not expected here → and, or, or nothing more; a text with blanks stands in "quotes"',
  ],
  ['block if tls is maybe', '16+5 "maybe" is neither yes nor no → yes or no'],
  [`block if ${'('.repeat(40)}tls`, '42+1 more than 32 parts within each other → several rules'],
];

test('a task is set to whoever did none; whoever did is asked about the rules behind it', () => {
  const rules = made(['challenge if path is /x', 'block if method is PUT']);
  const judge = (ask: Ask) => rules.judge(request({ path: '/x', ...ask }), rules.common);
  const posed = judge({});
  assert.ok(posed.kind === 'answer');
  assert.deepEqual([posed.status, posed.why, posed.treatment], [403, 'rules/challenged', 'challenge']);
  assert.equal(judge({ headers: [['x-proven', '']] }).kind, 'pass');
  const other = judge({ headers: [['x-proven', '']], method: 'PUT' });
  assert.equal(other.kind === 'answer' && other.why, 'rules/blocked');
});

test('every fault says where, what and how to mend it', () => {
  for (const [rule, expected] of faults) {
    const result = build({ rules: [{ rule, description: '' }], lists, sites: [] }, tools);
    assert.ok(!result.ok, rule);
    const [problem] = result.problems;
    assert.equal(`${problem!.offset}+${problem!.length} ${problem!.says} → ${problem!.instead}`, expected, rule);
    assert.deepEqual(problem!.path, ['rules', 0]);
  }
});

test('whatever is written, it is a rule or a fault; whatever is asked, it is answered', () => {
  const word = fc.constantFrom(
    ...[
      'block',
      'if',
      'path',
      'client',
      'header',
      'not',
      'and',
      'or',
      '(',
      ')',
      ',',
      'is',
      'in',
      'under',
      'starts',
      'with',
      '/x/',
      '"',
      '5',
      '<',
      'tls',
      'matches',
      'office',
      '10.0.0.0/8',
    ],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 14 }), fc.string(), (words, text) => {
      for (const rule of [words.join(' '), `block if ${words.join(' ')}`, text, `block if path is "${text}"`]) {
        const result = build({ rules: [{ rule, description: '' }], lists, sites: [] }, tools);
        if (result.ok)
          assert.ok(['pass', 'answer', 'close'].includes(result.value.judge(request(), result.value.common).kind));
        else
          assert.ok(
            result.problems.every(({ offset, length }) => offset! >= 0 && offset! <= rule.length && length! > 0),
          );
      }
    }),
  );
});

test('every why has its reason', () => {
  assert.deepEqual(Object.keys(reasons), [
    'rules/blocked',
    'rules/closed',
    'rules/banned',
    'rules/challenged',
    'rules/tarpit',
    'rules/score',
  ]);
});
