// What is recorded of requests by choice, decided once more with it, and deleted for good.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordedOf } from '../../src/cli/recorded.ts';
import { settingsFrom } from '../../src/config/config.ts';
import { build } from '../../src/generation.ts';
import { rehearse } from '../../src/rehearsal.ts';
import { answering, eventually, ok, type Standing, stand } from './world.ts';

const form = 'application/x-www-form-urlencoded';

async function post(world: Standing, body: string): Promise<string> {
  const wire = await world.client();
  wire.send(
    `POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: ${form}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const answer = await wire.message();
  wire.socket.destroy();
  return answer.headers.get('x-request-id')!;
}

test('bodies are recorded by shape or whole, refused ones too, and a whole one is decided once more', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const plain = await stand(t, upstream.port);
  assert.equal((await plain.journey(await post(plain, 'pin=0042'))).request!.body, undefined);
  const shapes = await stand(t, upstream.port, { recording: { bodies: 'shapes' } });
  const shown = (await shapes.journey(await post(shapes, 'name=Ada&pin=0042'))).request!.body!;
  assert.deepEqual([shown.shape, shown.bytes, shown.text], ['name=text(3)&pin=digits(4)', 17, undefined]);
  const full = await stand(t, upstream.port, { recording: { bodies: 'full', max_body: '64B' } });
  assert.equal((await full.journey(await post(full, `x=${'y'.repeat(100)}`))).request!.body!.text, undefined);
  const attack = "name=' or 1=1--";
  const refused = await full.journey(await post(full, attack));
  assert.deepEqual([refused.verdict.station, refused.request!.body!.text], ['waf', attack]);
  const again = async (mode: 'block' | 'off') => {
    const built = await build(settingsFrom({ firewall: { default: 'allow' }, sites: [{ to: 3000 }], waf: { mode } }), {
      locate: () => '',
    });
    assert.ok(built.ok);
    return rehearse(built.value, recordedOf(refused)!, 0).journey.verdict.action;
  };
  assert.deepEqual([await again('block'), await again('off')], ['answer', 'pass']);
});

test('what is purged is in no answer and in no file any more', async (t) => {
  const upstream = await answering(t, () => ok('fine'));
  const world = await stand(t, upstream.port, {
    history: '32MiB',
    journal: join('/dev', 'null'),
    trusted_proxies: ['127.0.0.1'],
    recording: { bodies: 'full' },
  });
  const from = async (client: string, mark: string): Promise<string> => {
    const answer = await world.get(`/${mark}`, `X-Forwarded-For: ${client}\r\n`);
    return answer.headers.get('x-request-id')!;
  };
  const one = await from('203.0.113.7', 'mark-of-one-who-leaves');
  const other = await from('198.51.100.9', 'mark-of-one-who-stays');
  const kept = async () => ((await world.ask({ ask: 'status' })) as { history: { journeys: number } }).history.journeys;
  await eventually(async () => (await kept()) === 2, 'both are on disk');
  assert.deepEqual(await world.ask({ ask: 'purge', client: '203.0.113.0/24' }), { journeys: 1, remembered: 1 });
  const found = async (id: string) =>
    ((await world.ask({ ask: 'explain', id })) as { journey: unknown }).journey !== null;
  assert.deepEqual([await found(one), await found(other)], [false, true]);
  const onDisk = () =>
    ['history.sqlite', 'history.sqlite-wal']
      .map((name) => {
        try {
          return readFileSync(join(world.directory, name), 'latin1');
        } catch {
          return '';
        }
      })
      .join('');
  assert.ok(!onDisk().includes('mark-of-one-who-leaves'));
  assert.ok(onDisk().includes('mark-of-one-who-stays'));
  assert.deepEqual(await world.ask({ ask: 'purge', until: 1 }), { journeys: 0, remembered: 0 });
  await assert.rejects(world.ask({ ask: 'purge' }), /purge needs a client, a time, or all/);
  assert.deepEqual(await world.ask({ ask: 'purge', all: true }), { journeys: 1, remembered: 1 });
  assert.equal(await kept(), 0);
  assert.ok(!onDisk().includes('mark-of-one'));
});
