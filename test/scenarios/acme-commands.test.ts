// `portcullis certs list`, `doctor` and `renew`, as a person asks a gate that gets its certificates.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { certs } from '../../src/cli/certs.ts';
import type { Arguments } from '../../src/cli/command.ts';
import { acmeWorld } from '../acme-world.ts';

test('a certificate is listed, renewed and examined; one that fails makes the exit code 1', async (context) => {
  const world = await acmeWorld(context, 1);
  await world.pebble.dns('add-a', { host: 'lost.example.net.', addresses: ['127.0.0.9'] });
  await world.start(world.words(['good.example.net', 'lost.example.net'], { challenges: ['http-01'] }));
  await world.hears(/^good\.example\.net has/);
  await world.hears(/^no certificate for lost\.example\.net/);
  const run = async (words: string[], options: Arguments['options'] = {}) => {
    let out = '';
    const stdout = {
      write(text: string) {
        out += text;
      },
    };
    const surroundings = { stdout, stderr: stdout, env: {}, cwd: world.directory, stop: new AbortController().signal };
    const code = await certs.run(
      { words, options: { 'data-dir': join(world.directory, 'data'), ...options } },
      surroundings,
    );
    return { code, out };
  };
  const list = await run(['list']);
  assert.equal(list.code, 1);
  assert.match(list.out, /^Names +State +Issuer +Profile +Ends +Renewed\n/);
  assert.match(list.out, /^good\.example\.net +good +Pebble Intermediate CA \w+ +- +20\d\d-\d\d-\d\dT\d\d:\d\dZ +20/m);
  assert.match(list.out, /^lost\.example\.net +failing +- +- +- +-\n/m);
  assert.match(
    list.out,
    /\nlost\.example\.net: lost\.example\.net could not be proven by http-01: .*where nobody listens.*\n {2}tried again at 20/,
  );
  const told = JSON.parse((await run(['list'], { json: true })).out) as {
    rows: { names: string[]; notAfter: string }[];
  };
  assert.deepEqual(
    told.rows.map(({ names }) => names[0]),
    ['good.example.net', 'lost.example.net'],
  );
  await assert.rejects(run(['renew', 'good.example.net']), /is not due before .*; --force asks the CA all the same/);
  const renewed = await run(['renew', 'good.example.net'], { force: true });
  assert.match(renewed.out, /^good\.example\.net has a certificate of Pebble Intermediate CA \w+ until 20/);
  const revoked = await run(['revoke', 'good.example.net'], { reason: 'superseded' });
  assert.match(
    revoked.out,
    /^the certificate [0-9A-F]+ for good\.example\.net is revoked \(superseded\); another one is in use\n$/,
  );
  const former = await run(['list'], { former: true });
  assert.equal(former.code, 0);
  assert.match(former.out, /^Serial +Names +State +CA +Replaced +Ends\n/);
  assert.match(
    former.out,
    /^[0-9A-F]+ +good\.example\.net +revoked \(superseded\) +127\.0\.0\.1:\d+ +20\S+Z +20\S+Z$/m,
  );
  const [, serial = ''] = /^([0-9A-F]+) +good\.example\.net +replaced +127/m.exec(former.out) ?? [];
  const byNumber = await run(['revoke', serial]);
  assert.match(
    byNumber.out,
    /^the certificate [0-9A-F]+ for good\.example\.net is revoked \(unspecified\); it was replaced at 20\S+Z\n$/,
  );
  await assert.rejects(
    run(['revoke', 'good.example.net'], { reason: 'boredom' }),
    /"boredom" is no reason; it is one of/,
  );
  await assert.rejects(run(['revoke']), /say which: certs revoke example\.com/);
  const rekeyed = await run(['rekey']);
  assert.deepEqual([rekeyed.code, rekeyed.out.replace(/:\d+/, '')], [0, '127.0.0.1: the account has another key\n']);
  const well = await run(['doctor', 'good.example.net']);
  assert.equal(well.code, 0, well.out);
  assert.match(well.out, /^good\.example\.net\n( {2}ok {7}.*\n)+$/);
  const ill = await run(['doctor']);
  assert.equal(ill.code, 1);
  assert.match(
    ill.out,
    /^lost\.example\.net\n[\s\S]*^ {2}PROBLEM {2}lost\.example\.net leads to 127\.0\.0\.9, where nobody listens at TCP port \d+ \(connection refused\)\n {11}lead lost/m,
  );
});
