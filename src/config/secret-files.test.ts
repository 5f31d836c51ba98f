import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Configuration, ConfigurationTrouble, settingsFrom } from './config.ts';
import { readSecret } from './secret-files.ts';

function place(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'secret-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

function file(directory: string, text: string, mode = 0o600): string {
  const path = join(directory, 'secret');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

test('a secret is its file without the line feed behind it, as the file is at that moment', (context) => {
  const directory = place(context);
  const secret = { file: file(directory, 'c2VjcmV0\n') };
  assert.equal(readSecret(secret), 'c2VjcmV0');
  file(directory, 'YW5vdGhlcg');
  assert.equal(readSecret(secret), 'YW5vdGhlcg');
  assert.equal(readSecret('written'), 'written');
});

const bad: readonly (readonly [string, (directory: string) => string, RegExp])[] = [
  ['one that everybody may read', (at) => file(at, 'x', 0o644), /is open to every user of this machine: chmod o= /],
  ['one that everybody may write', (at) => file(at, 'x', 0o602), /is open to every user/],
  ['one that is not there', (at) => join(at, 'none'), /cannot be read: there is no such file/],
  ['an empty one', (at) => file(at, ' \n'), /is empty: write the secret into it/],
  ['a long one', (at) => file(at, 'x'.repeat(5000)), /is longer than 4096 bytes/],
  [
    'a directory',
    (at) => {
      mkdirSync(join(at, 'd'));
      return join(at, 'd');
    },
    /is no regular file/,
  ],
  [
    'a FIFO, which nobody waits for',
    (at) => {
      execFileSync('mkfifo', ['-m', '600', join(at, 'fifo')]);
      return join(at, 'fifo');
    },
    /is no regular file/,
  ],
];
for (const [what, make, says] of bad)
  test(`${what} is refused`, (context) => {
    assert.throws(() => readSecret({ file: make(place(context)) }), says);
  });

test('the configuration takes a file in each place of a secret, and says where one is wrong', (context) => {
  const directory = place(context);
  const good = file(directory, 'c2VjcmV0');
  const words = (name: string): Configuration => ({
    listen: [{ port: 443, tls: true }],
    sites: [{ host: 'example.com', to: 3000 }],
    tls: {
      acme: {
        external_account: { kid: 'k', key: { file: name } },
        fallback: { directory: 'zerossl', external_account: { kid: 'k', key: { file: name } } },
        dns: { update: { server: '10.0.0.2', key_name: 'k.', key: { file: name } } },
      },
    },
  });
  const read = (name: string) => settingsFrom(words(name), '', { env: {}, cwd: directory }).tls.acme!;
  const { authorities, dns } = read('secret');
  assert.deepEqual(
    [authorities[0]!.externalAccount!.macKey, authorities[1]!.externalAccount!.macKey, dns!.update!.key],
    [{ file: good }, { file: good }, { file: good }],
  );
  chmodSync(good, 0o604);
  assert.throws(
    () => read('secret'),
    (error) =>
      error instanceof ConfigurationTrouble &&
      error.problems.length === 3 &&
      error.problems.every(
        ({ code, says }) => code === 'config/secret-file' && says.includes('is open to every user'),
      ) &&
      error.problems[2]!.path.join('.') === 'tls.acme.dns.update.key.file',
  );
});
