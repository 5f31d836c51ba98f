// Learning: what is seen becomes a document that fits it and refuses the rest; parts add up to the same; nothing grows without bound.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import { Learner } from './learner.ts';
import { emptyLearnt, type Learnt, maxShapes, mergeLearnt } from './learnt.ts';
import { proposalOf } from './proposal.ts';

type Sent = readonly [target: string, method?: string, type?: string, body?: string, status?: number];

function learn(learner: Learner, [target, method = 'GET', type = '', body = '', status = 200]: Sent): void {
  const connection = new Connection(1, '192.0.2.7', 50000, '192.0.2.1', 443, ':443', false, 0);
  const [path = '', query = ''] = target.split('?');
  const headers = Headers.from(type === '' ? [] : [['content-type', type]]);
  const exchange = new Exchange(
    '1',
    connection,
    1,
    1_764_000_000_000,
    method,
    target,
    path,
    query,
    '1.1',
    'a',
    headers,
    body.length,
  );
  exchange.placingPath = path;
  learner.begin(exchange);
  const judge = learner.openBody(exchange);
  judge?.feed(Buffer.from(body));
  judge?.end();
  exchange.status = status;
  learner.conclude(exchange);
}

function learnt(all: readonly Sent[]): Learnt {
  const learner = new Learner(['/']);
  for (const sent of all) learn(learner, sent);
  return learner.take() ?? emptyLearnt();
}

const sent: readonly Sent[] = [
  ['/'],
  ['/search?q=red+shoes&page=1'],
  ['/search?q=Blue&page=22'],
  ['/users/7'],
  ['/users/1234?full=true'],
  ['/users/me'],
  ['/users', 'POST', 'application/json', '{"name":"Ada","tags":["a","b"],"age":36}'],
  ['/users', 'POST', 'application/json', '{"name":"Grace Hopper","tags":[],"mail":null}'],
  ['/login', 'POST', 'application/x-www-form-urlencoded', 'name=ada&pin=0042'],
  ['/refused', 'GET', '', '', 403],
  ['/gone', 'GET', '', '', 404],
];

test('what was seen becomes a document', () => {
  const { document, paths, skipped } = proposalOf(learnt(sent), 'shop', 1);
  assert.deepEqual([paths, skipped], [6, 0]);
  const found = document.paths as Record<string, Record<string, unknown>>;
  assert.deepEqual(Object.keys(found), ['/', '/login', '/search', '/users', '/users/me', '/users/{part1}']);
  assert.deepEqual(found['/search']!.get, {
    'x-seen': 2,
    parameters: [
      {
        name: 'q',
        in: 'query',
        required: true,
        schema: { type: 'string', minLength: 1, maxLength: 16, pattern: '^[A-Za-z\\x20]*$' },
      },
      { name: 'page', in: 'query', required: true, schema: { type: 'integer', minimum: 0 } },
    ],
  });
  assert.deepEqual(found['/users/{part1}'], {
    parameters: [{ name: 'part1', in: 'path', required: true, schema: { type: 'integer', minimum: 0 } }],
    get: { 'x-seen': 2, parameters: [{ name: 'full', in: 'query', schema: { type: 'boolean' } }] },
  });
  assert.deepEqual(found['/users']!.post, {
    'x-seen': 2,
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: {
            type: 'object',
            required: ['name', 'tags'],
            properties: {
              name: { type: 'string', minLength: 1, maxLength: 32, pattern: '^[A-Za-z\\x20]*$' },
              tags: {
                type: 'array',
                maxItems: 8,
                items: { type: 'string', minLength: 1, maxLength: 8, pattern: '^[a-z]*$' },
              },
              age: { type: 'integer', minimum: 0 },
              mail: { type: 'null' },
            },
            additionalProperties: false,
          },
        },
      },
    },
  });
  const pin = JSON.stringify(found['/login']);
  assert.ok(pin.includes('"pin":{"type":"string","minLength":1,"maxLength":8,"pattern":"^[0-9]*$"}'), pin);
});

test('no value is kept', () => {
  const text = JSON.stringify(
    learnt([['/a', 'POST', 'application/json', '{"password":"hunter2","n":4711}']]),
    (_, value) => (value instanceof Map ? [...value] : value),
  );
  assert.ok(text.includes('password') && !text.includes('hunter2') && !/\bhunter\b/.test(text));
});

test('parts that were learnt apart add up to the same', () => {
  const whole = learnt(sent);
  const added = emptyLearnt();
  for (const one of sent) mergeLearnt(added, learnt([one]), { left: maxShapes });
  assert.deepEqual(proposalOf(added, 'shop', 1), proposalOf(whole, 'shop', 1));
  assert.equal(added.requests, whole.requests);
});

test('many names in one place are one open part, and memory is bounded', () => {
  const slugs = Array.from(
    { length: 100 },
    (_, index): Sent => [`/blog/post-about-${'abcdefghij'[index % 10]}${'klmnopqrst'[Math.floor(index / 10)]}`],
  );
  assert.deepEqual(Object.keys(proposalOf(learnt(slugs), 'a', 1).document.paths as object), ['/blog/{part1}']);
  const learner = new Learner(['/']);
  for (let index = 0; index < 3000; index++) {
    const names = Array.from({ length: 20 }, (_, number) => `n${index}x${number}=1`).join('&');
    learn(learner, [
      `/${'abcdefghijklmnopqrst'[index % 20]}/${'abcdefghijklmnopqrst'[Math.floor(index / 20) % 20]}?${names}`,
    ]);
  }
  const all = learner.take()!;
  const count = JSON.stringify(all, (_, value) => (value instanceof Map ? [...value] : value)).length;
  assert.ok(count < 20 * 1024 * 1024, `${count} characters`);
  assert.equal(learner.take(), null, 'what was taken is begun anew');
});

test('only what lies under the paths is learnt', () => {
  const learner = new Learner(['/api']);
  for (const target of ['/', '/apiary', '/api/x']) learn(learner, [target]);
  assert.equal(learner.take()!.requests, 1);
});
