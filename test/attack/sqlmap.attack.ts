// sqlmap against the demonstration's shop: without the gate it finds the holes, behind the gate nothing, with every technique, level and tamper script.
//
// It takes hours and is not part of CI: `node --test test/attack/sqlmap.attack.ts` (Debian: sqlmap). Rates and bans are off, and the client bears a browser's name: what stops it is what the WAF reads in the values.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startShop } from '../../demo/start-shop.ts';
import { stand } from '../scenarios/world.ts';

const browser = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0';
const found = 'sqlmap identified the following injection point';
const scripts = '/usr/share/sqlmap/tamper';
/** Longest run of one attack; PORTCULLIS_SQLMAP_QUICK runs a tenth of them. */
const longestMs = 600_000;
const isQuick = process.env.PORTCULLIS_SQLMAP_QUICK !== undefined;

/** What sqlmap says of one parameter. */
async function sqlmap(t: TestContext, address: string, words: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-sqlmap-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const child = spawn(
    'sqlmap',
    [
      '-u',
      address,
      '--batch',
      '--flush-session',
      '--output-dir',
      folder,
      '--user-agent',
      browser,
      '--ignore-code',
      '403,400,500',
      '--disable-coloring',
      '--threads',
      '4',
      '--time-sec',
      '2',
      ...words,
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  t.after(() => void child.kill());
  const deadline = setTimeout(() => child.kill(), longestMs);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  const [code] = await once(child, 'exit');
  clearTimeout(deadline);
  assert.equal(code, 0, said.slice(-2000));
  return said;
}

async function world(t: TestContext): Promise<{ shop: string; gate: string }> {
  const shop = await startShop();
  t.after(() => shop.stop());
  const standing = await stand(t, shop.port, { waf: { mode: 'block' }, limits: { max_connections_per_client: 1000 } });
  return { shop: `http://127.0.0.1:${shop.port}`, gate: `http://127.0.0.1:${standing.port}` };
}

const holes: readonly (readonly [string, string])[] = [
  ['/users?id=1', 'id'],
  ['/search?q=socks', 'q'],
];

for (const [target, parameter] of holes) {
  test(`without the gate ${target} is a hole`, { timeout: longestMs + 60_000 }, async (t) => {
    const { shop } = await world(t);
    const said = await sqlmap(t, `${shop}${target}`, ['-p', parameter]);
    assert.ok(said.includes(found), said.slice(-2000));
  });

  test(`behind the gate ${target} is none, with all techniques at level 5`, {
    timeout: longestMs + 60_000,
  }, async (t) => {
    const { gate } = await world(t);
    const said = await sqlmap(t, `${gate}${target}`, [
      '-p',
      parameter,
      '--level',
      isQuick ? '2' : '5',
      '--risk',
      '3',
      '--technique',
      'BEUSTQ',
    ]);
    assert.ok(!said.includes(found), said.slice(-2000));
    assert.ok(
      said.includes('do not appear to be injectable') || said.includes('does not seem to be injectable'),
      said.slice(-2000),
    );
  });
}

const tampers = readdirSync(scripts)
  .filter((name) => name.endsWith('.py') && !name.startsWith('__'))
  .map((name) => name.slice(0, -3))
  .filter((_, index) => !isQuick || index % 10 === 0);

for (const tamper of tampers)
  test(`behind the gate nothing with ${tamper}`, { timeout: longestMs + 60_000 }, async (t) => {
    const { gate } = await world(t);
    const said = await sqlmap(t, `${gate}/users?id=1`, ['-p', 'id', '--tamper', tamper, '--risk', '3']);
    assert.ok(!said.includes(found), said.slice(-2000));
  });
