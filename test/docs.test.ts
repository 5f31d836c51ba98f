// The pages for people hold what they say: every command runs, every sample is right, every setting and reason is there, every link leads somewhere.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it, test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { type Block, blocksOf, pages, pageText } from './documents.ts';
import { generatedPages, settings } from './generated-pages.ts';
import { portcullis, type Running, runToEnd, start } from './portcullis-process.ts';
import { filesUnder, readSources, root } from './source.ts';

const blocks = pages.flatMap((page) => blocksOf(page));

test('blocks are found, with their marks', () => {
  const text = 'a\n```sh\nx\n```\n<!-- not run: because -->\n```sh\ny\n\nz\n```\n';
  assert.deepEqual(blocksOf('p', text), [
    { page: 'p', line: 2, language: 'sh', lines: ['x'], reason: '' },
    { page: 'p', line: 6, language: 'sh', lines: ['y', '', 'z'], reason: 'because' },
  ]);
  assert.throws(() => blocksOf('p', '```sh\nx'), /p:1: the block does not end/);
  assert.ok(blocks.filter(({ language }) => language === 'sh').length >= 25);
});

let folder: string;
let demo: Running;
let port: number;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-docs-'));
  mkdirSync(join(folder, 'bin'));
  symlinkSync(portcullis, join(folder, 'bin', 'portcullis'));
  demo = start(['demo', '--data-dir', join(folder, 'data'), '--port', '0', '--http-port', '0', '--json']);
  const { addresses } = JSON.parse((await demo.says(/^\{.*\}$/m))[0]);
  port = addresses.find(({ tls }: { tls: boolean }) => tls).port;
});
after(async () => {
  await demo?.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A directory for the commands of one page, with a configuration unless the page makes it. */
async function workplaceOf(page: string): Promise<string> {
  const place = join(folder, page.replaceAll('/', '-'));
  mkdirSync(place);
  if (!blocks.some((block) => block.page === page && isRun(block) && block.lines.join().includes('portcullis init')))
    await runToEnd(['init', '--port', '8443', '--http-port', '8080'], { cwd: place });
  return place;
}

function isRun({ language, reason }: Block): boolean {
  return language === 'sh' && reason === '';
}

async function runLine(line: string, cwd: string): Promise<void> {
  const there = line.replaceAll('localhost:8443', `localhost:${port}`);
  const env = {
    PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
    HOME: folder,
    PORTCULLIS_DATA: join(folder, 'data'),
  };
  await promisify(execFile)('sh', ['-c', there], { cwd, env, timeout: 30_000 }).catch(
    (error: { code: number; stdout: string; stderr: string }) => {
      throw new Error(`${line}\nended with ${error.code}\n${error.stdout}${error.stderr}`);
    },
  );
}

describe('every command of a page runs', { concurrency: 3 }, () => {
  for (const page of new Set(blocks.filter(isRun).map((block) => block.page)))
    it(page, { timeout: 60_000 }, async () => {
      const place = await workplaceOf(page);
      for (const block of blocks.filter((candidate) => candidate.page === page && isRun(candidate)))
        for (const line of block.lines) await runLine(line, place);
    });
});

test('the gate before an application on a port of its own, as the README puts it there', async () => {
  const application = createServer((_, answer) => answer.end('the application')).listen(0, '127.0.0.1');
  await once(application, 'listening');
  const { port: own } = application.address() as AddressInfo;
  const words = ['--port', '0', '--http-port', '0', '--data-dir', join(folder, 'own'), '--json'];
  const gate = start([String(own), ...words], { cwd: folder });
  try {
    const { addresses } = JSON.parse((await gate.says(/^\{.*\}$/m))[0]);
    const secure = addresses.find(({ tls }: { tls: boolean }) => tls).port;
    const { stdout } = await promisify(execFile)('curl', ['-sS', '-k', `https://localhost:${secure}/`]);
    assert.equal(stdout, 'the application');
    assert.equal((await gate.stop('SIGTERM')).code, 0);
  } finally {
    await gate.stop('SIGKILL');
    application.close();
  }
});

test('a command that is not run here is at least one that exists, with its options', async () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const helps = new Map<string, string>();
  for (const { page, line, lines, language, reason } of blocks)
    for (const command of language === 'sh' && reason !== '' ? lines.flatMap((text) => text.split(' && ')) : []) {
      const at = `${page}:${line}: ${command}`;
      const [program, ...words] = command.replace(/^npm run /, 'npm ').split(' ');
      if (program === 'npm') assert.ok(words[0] === 'ci' || scripts[words[0]!] !== undefined, at);
      else if (program === 'node' || program === '.ci/run') assert.ok(existsSync(join(root, words[0] ?? program)), at);
      else if (program?.endsWith('portcullis')) {
        const name = /^\d+$/.test(words[0]!) ? 'run' : words[0]!;
        if (!helps.has(name)) helps.set(name, (await runToEnd([name, '--help'])).stdout);
        assert.match(helps.get(name)!, /^usage: portcullis /m, at);
        for (const option of words.filter((word) => word.startsWith('--')))
          assert.ok(helps.get(name)!.includes(option), at);
      } else assert.equal(program, 'systemctl', at);
    }
});

describe('every sample of a configuration is right', () => {
  for (const { page, line, lines } of blocks.filter(({ language, reason }) => language === 'yaml' && reason === ''))
    it(`${page}:${line}`, async () => {
      const file = join(folder, `${page.replaceAll('/', '-')}-${line}.json`);
      const rest = { listen: [{ port: 8443, tls: true }, { port: 8080 }], sites: [{ to: 3000 }] };
      const open = { firewall: { rules: ['allow tcp 8080,8443 from any'] } };
      writeFileSync(file, JSON.stringify({ ...rest, ...open, ...parse(lines.join('\n')) }));
      const { code, stdout, stderr } = await runToEnd(['check', '--config', file], { cwd: folder });
      assert.equal(code, 0, `${stdout}${stderr}`);
    });
});

test('the page of settings and the page of reasons are those of the code', () => {
  assert.ok(settings().length > 60);
  for (const [page, text] of Object.entries(generatedPages))
    assert.equal(pageText(page), text(), `${page}: run node test/generated-pages.ts`);
});

test('every field of a journey is described', async () => {
  const page = pageText('docs/explain-and-journal.md');
  const { stdout } = await runToEnd([
    'explain',
    '--get',
    '/users?id=1;DROP TABLE users;--',
    '--json',
    '--data-dir',
    join(folder, 'data'),
  ]);
  const journey = JSON.parse(stdout);
  for (const [field, value] of Object.entries(journey)) {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${field}\` |`));
    assert.ok(row !== undefined, `docs/explain-and-journal.md has no row for ${field}`);
    const isGroup = typeof value === 'object' && value !== null;
    for (const name of isGroup ? Object.keys(value) : []) assert.ok(row.includes(`\`${name}\``), `${field}.${name}`);
    const [rule] = field === 'waf' ? journey.waf.rules : [];
    for (const name of Object.keys(rule ?? {})) assert.ok(row.includes(`\`${name}\``), `waf.rules[].${name}`);
  }
});

test('every command has its row in the README', async () => {
  const { stdout } = await runToEnd(['--help']);
  const names = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map((found) => found[1]!);
  assert.ok(names.length >= 10);
  for (const name of names) assert.ok(pageText('README.md').includes(`| \`portcullis ${name}\` |`), name);
});

test('every link leads to a page, and to a heading of it', () => {
  for (const page of [...pages, 'CHANGELOG.md'])
    for (const [, target] of pageText(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [path, heading] = target!.split('#');
      const file = path === '' ? page : join(dirname(page), path!);
      assert.ok(existsSync(join(root, file)), `${page}: ${target}`);
      if (heading !== undefined) assert.ok(headingsOf(file).includes(heading), `${page}: ${target}`);
    }
});

function headingsOf(page: string): string[] {
  const headings = pageText(page)
    .split('\n')
    .filter((line) => line.startsWith('#'));
  return headings.map((line) =>
    line
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
}

test('files and names in ARCHITECTURE.md and CONTRIBUTING.md are there', () => {
  const sources = ['src', 'test', 'bench', 'demo'].flatMap(readSources);
  const words = new Set(sources.flatMap(({ tokens }) => tokens.map(({ text }) => text.replace(/^#/, ''))));
  const paths = ['src', 'test', 'bench', 'demo', 'bin', 'docs', '.ci'].flatMap((place) => filesUnder(place, ''));
  for (const page of ['ARCHITECTURE.md', 'CONTRIBUTING.md'])
    for (const [, code] of pageText(page)
      .replace(/```[\s\S]*?```/g, '')
      .matchAll(/`([^`]+)`/g)) {
      if (/^[\w./-]+\.ts$/.test(code!))
        assert.ok(
          paths.some((path) => path === code || path.endsWith(`/${code}`)),
          `${page} names ${code}`,
        );
      else if (/^[\w.]+\(\)$/.test(code!) || /^[A-Z]\w+(\.\w+)?$/.test(code!))
        for (const name of code!.replace('()', '').split('.')) assert.ok(words.has(name), `${page} names ${code}`);
      else if (/^[\w.-]+\/$/.test(code!))
        assert.ok(paths.some((path) => path.includes(code!)) || code === 'ca/', `${page} names ${code}`);
    }
});

test('what runs in CI can be run', () => {
  accessSync(join(root, '.ci/run'), constants.X_OK);
  assert.match(readFileSync(join(root, '.ci/run'), 'utf8'), /^set -euo pipefail$/m);
});
