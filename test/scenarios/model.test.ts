// An OpenAPI document as the model of a site, over real sockets: heads and bodies refused, told, and left alone.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { answering, ok, type Standing, stand } from './world.ts';

const document = `openapi: 3.0.3
paths:
  /items:
    get:
      parameters:
        - { name: q, in: query, schema: { type: string, maxLength: 20, pattern: '^[a-z ]*$' } }
    post:
      requestBody:
        content:
          application/json:
            schema: { type: object, required: [name], additionalProperties: false, properties: { name: { type: string } } }
`;

async function site(t: TestContext, more: object = {}): Promise<Standing> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-model-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'api.yaml');
  writeFileSync(file, document);
  const upstream = await answering(t, () => ok('fine'));
  return stand(t, upstream.port, { sites: [{ to: `127.0.0.1:${upstream.port}`, model: { file, ...more } }] });
}

async function post(world: Standing, body: string, type = 'application/json') {
  const wire = await world.client();
  wire.send(
    `POST /items HTTP/1.1\r\nHost: a\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return wire.message();
}

test('what the document does not describe is refused, and the journey says what was wrong', async (t) => {
  const world = await site(t);
  assert.equal((await world.get('/items?q=red+shoes')).status, 200);
  const refused = await world.get('/items?q=Robert%27)');
  assert.equal(refused.status, 400);
  const journey = await world.journey(refused.headers.get('x-request-id')!);
  assert.deepEqual(
    [journey.verdict.station, journey.verdict.why, journey.verdict.says, journey.verdict.place, journey.verdict.value],
    ['model', 'model/wrong-value', 'q does not match its pattern', 'ARGS:q', 'a text of 8 characters'],
  );
  assert.equal((await world.get('/other')).status, 404);
  assert.equal((await post(world, '{"name":"a"}')).status, 200);
  const wrong = await post(world, '{"name":"a","role":"admin"}');
  assert.equal(wrong.status, 400);
  const told = await world.journey(wrong.headers.get('x-request-id')!);
  assert.equal(told.verdict.says, 'body.role is not declared');
  assert.equal(told.upstream, null, 'the application saw nothing of it');
  assert.equal((await post(world, 'name=a', 'application/x-www-form-urlencoded')).status, 415);
});

test('in detect everything passes, and journeys say what would have been refused', async (t) => {
  const world = await site(t, { mode: 'detect' });
  const answer = await post(world, '{"role":"admin"}');
  assert.equal(answer.status, 200);
  const journey = await world.journey(answer.headers.get('x-request-id')!);
  assert.deepEqual(
    journey.waf!.rules.map(({ detector, message }) => [detector, message]),
    [['model', 'model/wrong-value: body.name is missing']],
  );
});
