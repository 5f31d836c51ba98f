// Requests held against a document: which operation is meant, what of it fits, and what is said of the rest.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Connection } from '../traffic/connection.ts';
import { Exchange } from '../traffic/exchange.ts';
import { Headers } from '../traffic/headers.ts';
import { build, type Model, type ModelSettings } from './model.ts';

const document = {
  openapi: '3.1.0',
  servers: [{ url: 'https://example.com/api/' }],
  paths: {
    '/users': {
      get: {
        parameters: [
          { name: 'page', in: 'query', schema: { type: 'integer', minimum: 1 } },
          { name: 'tag', in: 'query', schema: { type: 'array', items: { type: 'string', maxLength: 3 } } },
          { name: 'ids', in: 'query', explode: false, schema: { type: 'array', items: { type: 'integer' } } },
          { name: 'deep', in: 'query', schema: { allOf: [{ $ref: '#/components/schemas/Flag' }] } },
          { name: 'X-Trace', in: 'header', schema: { type: 'string', maxLength: 4 } },
          { name: 'theme', in: 'cookie', schema: { enum: ['dark', 'light'] } },
        ],
      },
      post: { requestBody: { $ref: '#/components/requestBodies/User' } },
    },
    '/users/me': { get: {} },
    '/users/{id}': {
      parameters: [{ name: 'id', in: 'path', schema: { type: 'integer' } }],
      get: { parameters: [{ name: 'full', in: 'query', required: true, schema: { type: 'boolean' } }] },
      put: {
        requestBody: {
          required: true,
          content: {
            'application/x-www-form-urlencoded': { schema: { $ref: '#/components/schemas/User' } },
            'image/*': {},
          },
        },
      },
    },
    '/files/{name}.txt': { get: {} },
    '/straße/{name}': { get: { parameters: [{ name: 'name', in: 'path', schema: { maxLength: 2 } }] } },
  },
  components: {
    requestBodies: { User: { content: { 'application/json': { schema: { $ref: '#/components/schemas/User' } } } } },
    schemas: {
      Flag: { type: 'boolean' },
      User: {
        type: 'object',
        required: ['name'],
        additionalProperties: false,
        properties: { name: { type: 'string', maxLength: 10 }, age: { type: 'integer' } },
      },
    },
  },
};

async function modelOf(value: unknown, more: Partial<ModelSettings> = {}): Promise<Model> {
  const settings: ModelSettings = { file: 'api.yaml', mode: 'block', under: '/', undeclared: 'refuse', ...more };
  const result = await build([{ name: 'a', learn: [], model: settings }], {
    read: async () => '',
    parse: () => ({ value }),
    compilePattern: () => ({ test: () => true }),
    maxBodyBytes: 1000,
  });
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

interface Asking {
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
}

function asked(target: string, { method = 'GET', headers = [], body = '' }: Asking = {}): Exchange {
  const connection = new Connection(1, '192.0.2.7', 50000, '192.0.2.1', 443, ':443', false, 0);
  const [path = '', query = ''] = target.split('?');
  const exchange = new Exchange(
    '1',
    connection,
    1,
    0,
    method,
    target,
    path,
    query,
    '1.1',
    'a',
    Headers.from(headers),
    body.length,
  );
  exchange.placingPath = path;
  exchange.siteIndex = 0;
  return exchange;
}

/** `why: says`, or ''. */
function verdictOn(model: Model, target: string, asking: Asking = {}): string {
  const exchange = asked(target, asking);
  let verdict = model.judge(exchange);
  const body = verdict.kind === 'pass' ? model.openBody(exchange) : null;
  if (body !== null) {
    verdict = body.feed(Buffer.from(asking.body ?? ''));
    if (verdict.kind === 'pass') verdict = body.end();
  }
  return verdict.kind === 'pass' ? '' : `${verdict.status} ${verdict.why}: ${verdict.says}`;
}

/** Characters as a placed path has them: one for each byte of their UTF-8. */
function bytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const json = [['content-type', 'application/json; charset=utf-8']] as const;
const form = [['content-type', 'application/x-www-form-urlencoded']] as const;

const cases: readonly (readonly [target: string, asking: Asking, verdict: string])[] = [
  ['/api/users?page=2', {}, ''],
  ['/api/users?page=02', {}, '400 model/wrong-value: page is a text of 2 characters, not integer'],
  ['/api/users?page=0', {}, '400 model/wrong-value: page is less than 1'],
  ['/api/users?page=1%27--', {}, '400 model/wrong-value: page is a text of 4 characters, not integer'],
  ['/api/users?page=1&page=2', {}, '400 model/wrong-value: page is a list of 2, not integer'],
  ['/api/users?tag=a&tag=b', {}, ''],
  ['/api/users?tag[]=a', {}, ''],
  ['/api/users?tag=abcd', {}, '400 model/wrong-value: tag[0] is longer than 3 characters'],
  ['/api/users?tag=%C3%A4%C3%B6%C3%BC', {}, ''],
  ['/api/users?ids=1,2', {}, ''],
  ['/api/users?ids=1,x', {}, '400 model/wrong-value: ids[1] is a text of 1 characters, not integer'],
  ['/api/users?deep=true', {}, ''],
  ['/api/users?debug=1', {}, '400 model/undeclared: the query has an argument that the model does not declare'],
  ['/api/users', { headers: [['X-Trace', 'abcde']] }, '400 model/wrong-value: x-trace is longer than 4 characters'],
  ['/api/users', { headers: [['Cookie', 'theme=dark']] }, ''],
  [
    '/api/users',
    { headers: [['Cookie', 'theme=x']] },
    '400 model/wrong-value: theme is none of the values that it may be',
  ],
  ['/api/users', { method: 'DELETE' }, '405 model/wrong-method: the model has the path without DELETE'],
  ['/api/users', { method: 'OPTIONS' }, ''],
  ['/api/users', { method: 'HEAD' }, ''],
  ['/users', {}, '404 model/unknown-path: the model has no such path'],
  ['/api/users/me', {}, ''],
  ['/api/users/7?full=true', {}, ''],
  ['/api/users/7', {}, '400 model/missing: full is missing'],
  ['/api/users/x?full=true', {}, '400 model/wrong-value: id is a text of 1 characters, not integer'],
  ['/api/files/a.txt', {}, ''],
  [bytes('/api/straße/äö'), {}, ''],
  [bytes('/api/straße/äöü'), {}, '400 model/wrong-value: name is longer than 2 characters'],
  ['/api/files/.txt', {}, '404 model/unknown-path: the model has no such path'],
  ['/api/users', { method: 'POST', headers: json, body: '{"name":"Ada","age":36}' }, ''],
  [
    '/api/users',
    { method: 'POST', headers: json, body: '{"name":"Ada","admin":true}' },
    '400 model/wrong-value: body.admin is not declared',
  ],
  ['/api/users', { method: 'POST', headers: json, body: '{"age":36}' }, '400 model/wrong-value: body.name is missing'],
  [
    '/api/users',
    { method: 'POST', headers: json, body: '{"name"' },
    '400 model/wrong-value: the body is no application/json',
  ],
  [
    '/api/users',
    { method: 'POST', headers: form, body: 'name=a' },
    '415 model/wrong-type: application/x-www-form-urlencoded is not what the body may be',
  ],
  [
    '/api/users',
    { method: 'POST', headers: json, body: 'x'.repeat(1001) },
    '400 model/unreadable-body: the body is longer than the 1000 bytes that are looked into',
  ],
  [
    '/api/users',
    { method: 'POST', headers: [...json, ['content-encoding', 'gzip']], body: 'x' },
    '400 model/unreadable-body: the body is compressed',
  ],
  ['/api/users/7', { method: 'PUT', headers: form, body: 'name=Ada&age=36' }, ''],
  [
    '/api/users/7',
    { method: 'PUT', headers: form, body: 'name=Ada&age=x' },
    '400 model/wrong-value: body.age is a text of 1 characters, not integer',
  ],
  [
    '/api/users/7',
    { method: 'PUT', headers: form, body: 'name=a&name=b' },
    '400 model/wrong-value: body.name is a list of 2, not string',
  ],
  ['/api/users/7', { method: 'PUT', headers: [['content-type', 'image/png']], body: 'x' }, ''],
  ['/api/users/7', { method: 'PUT' }, '400 model/missing: the body is missing'],
  ['/api/users/me', { body: 'x' }, '400 model/unexpected-body: the model knows of no body here'],
];

test('requests are what their operation says, or it is said what they are not', async () => {
  const model = await modelOf(document);
  for (const [target, asking, verdict] of cases) assert.equal(verdictOn(model, target, asking), verdict, target);
});

test('only what lies under a path is held against it, and what is not declared may pass', async () => {
  const model = await modelOf(document, { under: '/api', undeclared: 'pass' });
  for (const target of ['/', '/apiary', '/api/users?debug=1']) assert.equal(verdictOn(model, target), '', target);
  assert.match(verdictOn(model, '/api/nothing'), /^404 model\/unknown-path/);
});

test('a model that only tells lets everything pass and says what it would have refused', async () => {
  const model = await modelOf(document, { mode: 'detect' });
  const exchange = asked('/api/users?page=x');
  assert.equal(model.judge(exchange).kind, 'pass');
  assert.deepEqual(
    exchange.findings?.map(({ detector, place, value, says }) => [detector, place, value, says]),
    [
      [
        'model',
        'ARGS:page',
        'a text of 1 characters',
        'model/wrong-value: page is a text of 1 characters, not integer',
      ],
    ],
  );
});

test('documents with faults stop the start, with their place', async () => {
  const told = async (value: unknown) => {
    const result = await build(
      [{ name: 'a', learn: [], model: { file: 'api.yaml', mode: 'block', under: '/', undeclared: 'refuse' } }],
      {
        read: async () => '',
        parse: () => ({ value }),
        compilePattern: () => ({ says: 'bad' }),
        maxBodyBytes: 1000,
      },
    );
    return (result.ok ? result.warnings : result.problems).map(({ says }) => says);
  };
  assert.deepEqual(await told({ swagger: '2.0' }), ['api.yaml #: it does not begin with openapi: 3.0.x or 3.1.x']);
  assert.deepEqual(await told({ openapi: '3.0.0', paths: { users: {} } }), [
    'api.yaml #/paths/users: a path begins with /',
  ]);
  assert.deepEqual(
    await told({ openapi: '3.0.0', paths: { '/a': { get: { parameters: [{ $ref: 'other.yaml' }] } } } }),
    [
      'api.yaml #/paths/~1a/get/parameters/0: "other.yaml" leads out of the document: only references such as #/components/schemas/Name are followed',
    ],
  );
  assert.deepEqual(
    await told({
      openapi: '3.0.0',
      paths: { '/a': { get: { parameters: [{ name: 'f', in: 'query', style: 'deepObject', schema: {} }] } } },
    }),
    ['api.yaml #/paths/~1a/get/parameters/0: values of style deepObject are not compared'],
  );
});
