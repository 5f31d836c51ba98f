import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readArguments } from './cli.ts';
import type { Command } from './command.ts';

const bin = fileURLToPath(new URL('../../bin/portcullis', import.meta.url));

async function place(t: TestContext, files: Record<string, string> = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'portcullis-cli-'));
  t.after(() => rm(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

/** Runs `bin/portcullis` as a person does. */
function portcullis(cwd: string, ...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd, env: { PATH: process.env.PATH ?? '', HOME: cwd } });
    let out = '';
    let err = '';
    child.stdout.on('data', (piece) => {
      out += piece;
    });
    child.stderr.on('data', (piece) => {
      err += piece;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

test('--help lists the commands, --version the version, and nothing at all is help', async (t) => {
  const cwd = await place(t);
  const [help, nothing, version] = await Promise.all([
    portcullis(cwd, '--help'),
    portcullis(cwd),
    portcullis(cwd, '--version'),
  ]);
  assert.equal(help.code, 0);
  assert.equal(help.err, '');
  for (const name of ['run', 'init', 'check', 'status', 'connections', 'explain', 'trace', 'ports', 'firewall', 'demo'])
    assert.match(help.out, new RegExp(`^  ${name} `, 'm'));
  assert.deepEqual(nothing, help);
  assert.match(version.out, /^portcullis \d+\.\d+\.\d+\n$/);
});

test('a command’s --help has its usage, options and examples', async (t) => {
  assert.equal(
    (await portcullis(await place(t), 'help', 'status')).out,
    `How the running gate is.

usage: portcullis status [--data-dir DIRECTORY]

options:
      --data-dir DIRECTORY  the data directory of the gate
      --config FILE         the configuration of the gate, for its data directory
      --json                answer in JSON
  -h, --help                say this
      --no-color            no colours, on a terminal too

examples:
  # the gate of this directory
  portcullis status
  # for a program
  portcullis status --json
`,
  );
});

test('wrong usage is told with the nearest right one, and exits 2', async (t) => {
  const cwd = await place(t);
  const usage = 'usage: portcullis status [--data-dir DIRECTORY]\nportcullis status --help shows examples\n';
  for (const [args, err] of [
    [
      ['stauts'],
      'portcullis: there is no command "stauts"; did you mean status?\nportcullis --help lists the commands\n',
    ],
    [['\x1b[2J'], 'portcullis: there is no command "\\x1b[2J"\nportcullis --help lists the commands\n'],
    [['status', '--jsno'], `portcullis status: there is no option --jsno; did you mean --json?\n${usage}`],
    [['status', '--data-dir'], `portcullis status: --data-dir needs a value: --data-dir DIRECTORY\n${usage}`],
    [['status', 'now'], `portcullis status: status takes no words, and was given "now"\n${usage}`],
  ] as const)
    assert.deepEqual(await portcullis(cwd, ...args), { code: 2, out: '', err });
});

test('a trouble that has a name is told without a stack, and exits 1', async (t) => {
  const cwd = await place(t);
  assert.deepEqual(await portcullis(cwd, 'status', '--data-dir', 'none'), {
    code: 1,
    out: '',
    err: `portcullis: no gate is running with the data directory ${join(cwd, 'none')}\n  start one with \`portcullis run\`, or name the data directory of the one that runs: --data-dir DIRECTORY\n`,
  });
});

test('init writes a file that check finds right, and never writes over one', async (t) => {
  const cwd = await place(t);
  const written = await portcullis(cwd, 'init', '--to', '3000', '--host', 'example.com');
  assert.deepEqual(written, {
    code: 0,
    err: '',
    out: 'wrote portcullis.yaml\n  portcullis check    lists what is wrong with it\n  portcullis run      starts the gate\n',
  });
  const before = await readFile(join(cwd, 'portcullis.yaml'), 'utf8');
  assert.deepEqual(await portcullis(cwd, 'init'), {
    code: 1,
    out: '',
    err: 'portcullis: portcullis.yaml is there already, and stays as it is\n  portcullis init --force writes over it\n',
  });
  assert.equal(await readFile(join(cwd, 'portcullis.yaml'), 'utf8'), before);
  // Because the data directory of the machine may hold another gate's CA, which is worth a warning.
  assert.deepEqual(await portcullis(cwd, 'check', '--data-dir', join(cwd, 'data')), {
    code: 0,
    err: '',
    out: 'portcullis.yaml is right: 2 listeners, 2 firewall rules (default deny), 1 site, WAF block, 1 rate limit\n',
  });
});

test('check tells what the file and the stations object to in one go, and exits 1', async (t) => {
  const text = 'listen: [{ prot: 80 }]\nfirewall:\n  rules:\n    - alow tcp 80 from any\nsites: [{ to: 3000 }]\n';
  const cwd = await place(t, { 'portcullis.yaml': text });
  const [plain, json] = await Promise.all([portcullis(cwd, 'check'), portcullis(cwd, 'check', '--json')]);
  assert.equal(plain.code, 1);
  assert.equal(plain.out, '');
  assert.match(plain.err, /portcullis\.yaml:1:12 {2}config\/unknown-key\n/);
  assert.match(
    plain.err,
    /portcullis\.yaml:4:7 {2}firewall\/unknown-action\n {6}- alow tcp 80 from any\n {8}\^\^\^\^ /,
  );
  assert.match(plain.err, /\n\n2 problems in portcullis\.yaml\n$/);
  assert.equal(json.code, 1);
  assert.deepEqual(
    (JSON.parse(json.out) as { problems: { at: string }[] }).problems.map(({ at }) => at),
    ['portcullis.yaml:1', 'portcullis.yaml:4'],
  );
});

test('check --schema prints the JSON Schema', async (t) => {
  const { code, out } = await portcullis(await place(t), 'check', '--schema');
  assert.equal(code, 0);
  assert.equal(
    (JSON.parse(out) as { properties: { waf: { properties: { mode: { default: string } } } } }).properties.waf
      .properties.mode.default,
    'block',
  );
});

const command: Command = {
  name: 'sample',
  summary: '',
  usage: '',
  options: { limit: { type: 'string', value: 'N', says: '' }, watch: { type: 'boolean', short: 'w', says: '' } },
  examples: [],
  run: async () => 0,
};

test('arguments are words and options, in any order', () => {
  for (const [args, words, options] of [
    [['a', '--limit', '5', 'b'], ['a', 'b'], { limit: '5' }],
    [['--limit=-5', '-w'], [], { limit: '-5', watch: true }],
    [['--no-color', '--', '--limit'], ['--limit'], { 'no-color': true }],
  ] as const) {
    const read = readArguments(command, args);
    assert.deepEqual([read.words, read.options], [words, options]);
  }
});

test('an option that is not right says so', () => {
  for (const [args, message] of [
    [['--limt', '5'], 'there is no option --limt; did you mean --limit?'],
    [['-x'], 'there is no option -x'],
    [['--limit'], '--limit needs a value: --limit N'],
    [['--limit', '--json'], '--limit needs a value: --limit N'],
    [['--watch=yes'], '--watch takes no value'],
    [['--__proto__'], 'there is no option --__proto__'],
  ] as const)
    assert.throws(() => readArguments(command, args), { message });
});
