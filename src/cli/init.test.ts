import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { loadSettings } from '../config/config.ts';
import { type Arguments, UsageError } from './command.ts';
import { init } from './init.ts';

/** What init says and leaves behind for these options. */
async function write(t: TestContext, options: Arguments['options']) {
  const cwd = await mkdtemp(join(tmpdir(), 'portcullis-init-'));
  t.after(() => rm(cwd, { recursive: true }));
  const out: string[] = [];
  const screen = { write: (text: string) => out.push(text), isTTY: false };
  const world = { stdout: screen, stderr: screen, env: {}, cwd, stop: new AbortController().signal };
  const code = await init.run({ words: [], options }, world);
  return { code, out: out.join(''), world };
}

test('the file is right and warns of nothing, whatever host and upstream it is written for', async (t) => {
  for (const [host, to, hosts, upstream, names] of [
    [undefined, undefined, 'localhost', 'localhost:3000', ['localhost', '127.0.0.1', '::1']],
    ['Example.com', '4000', 'example.com', 'localhost:4000', ['example.com', 'localhost', '127.0.0.1', '::1']],
    ['*.example.com', 'app:1', '*.example.com', 'app:1', ['*.example.com', 'localhost', '127.0.0.1', '::1']],
    ['*', 'http://[::1]:99/', '*', '[::1]:99', ['localhost', '127.0.0.1', '::1']],
    ['2001:db8::1', '1', '[2001:db8::1]', 'localhost:1', ['2001:db8::1', 'localhost', '127.0.0.1', '::1']],
    ['192.0.2.7', '1', '192.0.2.7', 'localhost:1', ['192.0.2.7', 'localhost', '127.0.0.1', '::1']],
  ] as const) {
    const { world } = await write(t, { ...(host === undefined ? {} : { host }), ...(to === undefined ? {} : { to }) });
    const { settings, warnings } = await loadSettings({ options: {} }, world);
    assert.deepEqual(warnings, []);
    assert.deepEqual(
      [settings.sites[0]!.hosts, settings.sites[0]!.to.map(({ url }) => url), settings.tls.localNames],
      [[hosts], [upstream], names],
    );
    assert.deepEqual(settings.firewall.comments, ['HTTPS from anywhere', 'HTTP from anywhere']);
  }
});

test('another file and other ports are named in what comes next', async (t) => {
  const { code, out, world } = await write(t, { config: 'gate.yaml', port: '8443', 'http-port': '8080' });
  assert.equal(code, 0);
  assert.equal(
    out,
    'wrote gate.yaml\n  portcullis check --config gate.yaml    lists what is wrong with it\n  portcullis run --config gate.yaml      starts the gate\n',
  );
  const { settings } = await loadSettings({ options: { config: 'gate.yaml' } }, world);
  assert.deepEqual(
    settings.listen.map(({ port }) => port),
    [8443, 8080],
  );
  assert.deepEqual(settings.firewall.rules, ['allow tcp 8443 from any', 'allow tcp 8080 from any']);
});

test('what cannot be written for is wrong usage', async (t) => {
  for (const [options, message] of [
    [{ host: 'https://x.example/' }, 'the host "https://x.example/" has a scheme; write x.example alone'],
    [{ to: 'app' }, 'the upstream "app" has no port; write host:port, such as localhost:3000 or [::1]:3000'],
    [
      { to: '443' },
      'localhost:443 is this gate itself, so a request would go round for ever; write the port that the application listens on',
    ],
    [{ port: '70000' }, '--port is a whole number from 1 to 65535'],
    [{ port: '80' }, '--port and --http-port are the same'],
    [{ config: 'gate.json' }, 'init writes YAML: name a file ending in .yaml'],
  ] as const) {
    await assert.rejects(
      write(t, options),
      (error) => error instanceof UsageError && error.message === message,
      message,
    );
  }
});
