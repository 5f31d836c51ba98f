// Chromium before a page that sets it a task: over plain HTTP (where it has no WebCrypto) and over TLS it solves it and reaches the
// application; without scripts it is told what is wanted.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BrowserContext, chromium } from 'playwright-core';
import { answering, ok, stand } from '../scenarios/world.ts';
import { objectionsOf } from './dashboard-visit.ts';

async function browser(t: TestContext, ...more: readonly string[]): Promise<BrowserContext> {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-challenge-'));
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--host-resolver-rules=MAP app.example 127.0.0.1',
      ...more,
    ],
    env: { HOME: folder, PATH: process.env.PATH ?? '' },
    ignoreHTTPSErrors: true,
  });
  t.after(async () => {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return context;
}

const app = () => ok('<!doctype html><title>app</title><h1>The application</h1>', 'Content-Type: text/html\r\n');

test('a browser solves its task and reaches the application, on plain HTTP too', async (t) => {
  const upstream = await answering(t, app);
  const world = await stand(t, upstream.port, {
    listen: [
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 0, tls: true },
    ],
    tls: { local_names: ['localhost', '127.0.0.1'] },
    bots: { challenge: { difficulty: 14 } },
    rules: ['challenge if path is not /favicon.ico'],
  });
  // Chromium takes localhost and 127.0.0.1 for safe, and any other name for what it is: plain HTTP.
  const plain = `http://app.example:${world.port}`;
  for (const base of [plain, `https://localhost:${world.tlsPort}`]) {
    const context = await browser(t);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => {
      const text = message.text();
      // The refusal itself is told by its status.
      if (message.type() === 'error' && !text.includes('403')) complaints.push(text);
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(`${base}/page?q=1#part`);
    await page.getByRole('heading', { name: 'The application' }).waitFor();
    assert.equal(page.url(), `${base}/page?q=1#part`);
    assert.deepEqual(complaints, []);
    const isSafe = await page.evaluate('typeof crypto.subtle !== "undefined"');
    assert.equal(isSafe, base.startsWith('https'), 'WebCrypto is there where there is TLS');
    const cookies = (await context.cookies()).filter(({ name }) => name === 'portcullis_proof');
    assert.deepEqual(
      cookies.map(({ httpOnly, sameSite, secure }) => ({ httpOnly, sameSite, secure })),
      [{ httpOnly: true, sameSite: 'Lax', secure: base.startsWith('https') }],
    );
  }
});

test('without scripts the page says what is wanted, and is for everybody to read', async (t) => {
  const upstream = await answering(t, app);
  const world = await stand(t, upstream.port, { rules: ['challenge if path is not /favicon.ico'] });
  const page = await (await browser(t, '--blink-settings=scriptEnabled=false')).newPage();
  await page.goto(`http://127.0.0.1:${world.port}/`);
  assert.match(await page.locator('noscript p').innerText({ timeout: 10_000 }), /^The check is a small script/);
  const scripted = await (await browser(t)).newPage();
  await scripted.route('**/proof**', () => {});
  await scripted.goto(`http://127.0.0.1:${world.port}/`);
  await scripted.getByRole('status').waitFor();
  assert.deepEqual(await objectionsOf(scripted), []);
});
