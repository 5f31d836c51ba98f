// The demonstration as a person meets it: what it prints works, what is wrong is said, and it leaves nothing behind.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { attacks } from '../../demo/attacks.ts';
import { settingsFrom } from '../config/config.ts';
import { type Arguments, Trouble, UsageError, type World } from './command.ts';
import { configurationOf, demo } from './demo.ts';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-demo-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

interface Stage {
  readonly world: World;
  readonly stop: AbortController;
  readonly said: Promise<string>;
}

/** A world whose `said` is fulfilled by the first thing that a command says. */
function stage(): Stage {
  const stop = new AbortController();
  const { promise, resolve } = Promise.withResolvers<string>();
  const stdout = { write: (text: string) => resolve(text) };
  return { stop, said: promise, world: { stdout, stderr: stdout, env: {}, cwd: folder, stop: stop.signal } };
}

const args = (options: Arguments['options'], words: string[] = []): Arguments => ({ words, options });

describe('portcullis demo', () => {
  const free = () => ({ port: '0', 'http-port': '0', 'data-dir': join(folder, 'data') });

  it('prints the addresses, a good request, five attacks and what to ask, and ends in peace', async () => {
    const { world, stop, said } = stage();
    const code = demo.run(args(free()), world);
    const text = await Promise.race([said, code.then(String)]);
    assert.match(text, /^ {2}https:\/\/localhost:\d+ {4}the gate$/m);
    assert.match(text, /^ {2}curl --cacert data\S+ https:\/\/localhost:\d+\/api\/users$/m);
    assert.equal(text.split('\n').filter((line) => line.startsWith('  curl --cacert data')).length, 1 + attacks.length);
    for (const word of ['explain ID', 'status', 'connections --watch'])
      assert.match(text, new RegExp(`portcullis ${word} --data-dir data$`, 'm'));
    stop.abort();
    assert.equal(await code, 0);
  });

  it('says the same to programs', async () => {
    const { world, stop, said } = stage();
    const code = demo.run(args({ ...free(), json: true }), world);
    const told = JSON.parse(await Promise.race([said, code.then(String)]));
    assert.equal(told.ready, true);
    assert.equal(told.dataDirectory, join(folder, 'data'));
    const health = await fetch(`http://127.0.0.1:${told.shop.port}/health`);
    assert.deepEqual(await health.json(), { ok: true });
    stop.abort();
    assert.equal(await code, 0);
    await assert.rejects(fetch(`http://127.0.0.1:${told.shop.port}/health`), 'the shop has ended');
  });

  it('suggests other ports when one is in use', async () => {
    const holder = createServer();
    const port = await new Promise<number>((resolve) => {
      holder.listen(0, '127.0.0.1', () => resolve((holder.address() as AddressInfo).port));
    });
    await assert.rejects(demo.run(args({ ...free(), port: String(port) }), stage().world), (error: Error) => {
      assert.ok(error instanceof Trouble);
      assert.match(error.message, new RegExp(`${port}`));
      assert.match(error.message, /\n {2}other ports are free: \S+ demo --port \d+ --http-port \d+$/);
      return true;
    });
    holder.close();
  });

  it('ends when the shop does, and says so', async () => {
    const { world, said } = stage();
    const code = demo.run(args({ ...free(), json: true }), world);
    process.kill(JSON.parse(await Promise.race([said, code.then(String)])).shop.pid, 'SIGKILL');
    await assert.rejects(
      code,
      (error: Error) => error instanceof Trouble && error.message === 'the shop ended (SIGKILL)',
    );
  });

  it('says what is wrong with its arguments', async () => {
    const cases: [Arguments, string][] = [
      [args({ port: 'https' }), '--port https: a port is a number from 0 to 65535 (0 takes any free one)'],
      [args({ 'http-port': '65536' }), '--http-port 65536: a port is a number from 0 to 65535 (0 takes any free one)'],
      [args({ port: '' }), '--port : a port is a number from 0 to 65535 (0 takes any free one)'],
      [args({}, ['3000']), 'demo takes no words, and was given "3000"; an app of your own: portcullis PORT'],
    ];
    for (const [given, message] of cases)
      await assert.rejects(demo.run(given, stage().world), (error: Error) => {
        assert.ok(error instanceof UsageError);
        assert.equal(error.message, message);
        return true;
      });
  });
});

describe("the demonstration's configuration", () => {
  it("is the guide's", () => {
    const settings = settingsFrom(configurationOf({ port: 8443, httpPort: 8080, dataDirectory: folder }, 3000));
    assert.equal(settings.dataDirectory, folder);
    assert.deepEqual(
      settings.listen.map(({ address, port, tls, redirect }) => [address, port, tls, redirect]),
      [
        ['127.0.0.1', 8443, true, null],
        ['127.0.0.1', 8080, false, 'https'],
      ],
    );
    assert.equal(settings.firewall.rules.length, 4);
    assert.equal(settings.waf.mode, 'block');
    assert.deepEqual(
      settings.rates.map(({ limit, windowMs, by, status }) => [limit, windowMs, by, status]),
      [[500, 10_000, 'client', 429]],
    );
  });
});
