// A visitor's browser at the gate: the shop works in it, an attack meets the block page, and its number can be explained.
// Needs Debian's chromium and libnss3-tools. PORTCULLIS_SCREENSHOTS=DIRECTORY keeps pictures of what was seen.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { type Running, runToEnd, start } from '../portcullis-process.ts';

// Because without the background ones its connections to the makers' servers are refused, many at a time.
const args = `--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
  --disable-component-update --disable-sync`.split(/\s+/);

/** What people look through: the width of a desk and of a phone, by day and by night. */
const screens = [
  { name: 'desk-light', width: 1200, height: 800, colorScheme: 'light' },
  { name: 'desk-dark', width: 1200, height: 800, colorScheme: 'dark' },
  { name: 'phone-light', width: 390, height: 760, colorScheme: 'light' },
  { name: 'phone-dark', width: 390, height: 760, colorScheme: 'dark' },
] as const;

/** Run in the page: what of it stands out, and its colours. */
const measures = `(() => {
  const { color, backgroundColor } = getComputedStyle(document.body);
  return { wide: document.documentElement.scrollWidth, color, backgroundColor };
})()`;

let folder: string;
let demo: Running;
let base: string;
let browser: BrowserContext;
let page: Page;
/** What the pages complained about since somebody last looked. */
let complaints: string[] = [];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-browser-'));
  demo = start(['demo', '--data-dir', 'data', '--port', '0', '--http-port', '0'], { cwd: folder });
  base = (await demo.says(/https:\/\/localhost:\d+/))[0];
  await demo.says(/^Ctrl-C ends it\.$/m);
  trust(join(folder, 'data/ca/ca.crt'));
  browser = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: '/usr/bin/chromium',
    args,
    env: { HOME: folder, PATH: process.env.PATH ?? '' },
  });
  page = await browser.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`a script ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
});
after(async () => {
  await browser?.close();
  await demo.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Makes the CA one that this test's browser trusts, as the printout of the demonstration advises. */
function trust(certificate: string): void {
  const database = join(folder, '.pki/nssdb');
  mkdirSync(database, { recursive: true });
  const certutil = (...words: string[]) => execFileSync('certutil', ['-d', `sql:${database}`, ...words]);
  certutil('-N', '--empty-password');
  certutil('-A', '-t', 'C,,', '-n', 'portcullis', '-i', certificate);
}

function complained(): string[] {
  const told = complaints;
  complaints = [];
  return told;
}

/** Looks at the page through every screen: nothing stands out at the side, and the text can be read. */
async function look(name: string): Promise<void> {
  for (const { name: screen, width, height, colorScheme } of screens) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    const seen = await page.evaluate<{ wide: number; color: string; backgroundColor: string }>(measures);
    assert.ok(seen.wide <= width, `${name} is ${seen.wide} wide on ${screen}`);
    assert.ok(contrast(seen.color, seen.backgroundColor) >= 7, `${name} on ${screen}: ${JSON.stringify(seen)}`);
    const { PORTCULLIS_SCREENSHOTS: pictures } = process.env;
    if (pictures) await page.screenshot({ path: join(pictures, `${name}-${screen}.png`) });
  }
  await page.setViewportSize({ width: 1200, height: 800 });
}

/** The contrast of two colours `rgb(r, g, b)` (WCAG 2.2, relative luminance). */
function contrast(one: string, other: string): number {
  const [light, dark] = [one, other].map(luminance).sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red, green, blue] = colour.match(/\d+/g)!.map((text) => {
    const part = Number(text) / 255;
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe('a browser at the gate', () => {
  it('trusts the local CA, and shows the front page without a complaint', async () => {
    const answer = await page.goto(base);
    assert.equal(answer?.status(), 200);
    const facts = await answer?.securityDetails();
    assert.deepEqual([facts?.protocol, facts?.issuer?.startsWith('Portcullis local CA')], ['TLS 1.3', true]);
    assert.equal(await page.title(), 'The Woolly Sock');
    assert.equal(await page.getByRole('listitem').count(), 4);
    await look('front');
    assert.deepEqual(complained(), []);
  });

  it('clicks through every page', async () => {
    const names = await page.getByRole('navigation').getByRole('link').allInnerTexts();
    assert.deepEqual(names, ['Shop', 'Search', 'User 1', 'Comments', 'Price list', 'Ping', 'API']);
    for (const name of names) {
      await page.goto(base);
      const [answer] = await Promise.all([
        page.waitForResponse((one) => one.request().isNavigationRequest()),
        page.getByRole('navigation').getByRole('link', { name }).click(),
      ]);
      assert.equal(answer.status(), 200, name);
    }
    assert.deepEqual(complained(), []);
  });

  it('posts a comment that only sounds like an attack', async () => {
    const text = 'O’Brien & I select the union suit from the table; 1 < 2 and 3 > 2';
    await page.goto(`${base}/comments`);
    await page.getByLabel('Comment').fill(text);
    await page.getByRole('button', { name: 'Say it' }).click();
    await page.waitForURL(`${base}/comments`);
    assert.ok((await page.getByRole('listitem').allInnerTexts()).includes(text));
    await look('comments');
    assert.deepEqual(complained(), []);
  });

  it('searches from the form', async () => {
    await page.goto(base);
    await page.getByLabel('Search').fill('wool');
    await page.getByLabel('Search').press('Enter');
    await page.waitForURL(/\/search\?q=wool$/);
    assert.match(await page.getByRole('table').innerText(), /Wool socks/);
    assert.deepEqual(complained(), []);
  });

  it('meets the block page when it attacks, and its number can be explained', async () => {
    await page.goto(`${base}/comments`);
    await page.getByLabel('Comment').fill('<script>alert(document.cookie)</script>');
    const [answer] = await Promise.all([
      page.waitForResponse((one) => one.request().isNavigationRequest()),
      page.getByRole('button', { name: 'Say it' }).click(),
    ]);
    assert.equal(answer.status(), 403);
    await page.getByRole('heading', { name: '403 Forbidden' }).waitFor();
    const id = await page.locator('code').innerText();
    assert.equal(id, await answer.headerValue('x-request-id'));
    await look('block');
    const told = await runToEnd(['explain', id, '--data-dir', 'data'], { cwd: folder });
    assert.match(told.stdout, /^5 WAF +BLOCK +cross-site-scripting +ARGS:text = "<script>alert\(document\.cookie\)/m);
    assert.match(told.stdout, /^6 Server +not reached$/m);
    // Because the browser notes every page that is refused.
    assert.deepEqual(
      complained().filter((text) => !text.includes('status of 403')),
      [],
    );
    await page.goto(`${base}/comments`);
    assert.ok(!(await page.content()).includes('document.cookie'));
    assert.deepEqual(complained(), []);
  });

  it('is sent from plain HTTP to the gate', async () => {
    const [, httpPort] = await demo.says(/http:\/\/localhost:(\d+) +sends you there/);
    await page.goto(`http://localhost:${httpPort}/search?q=odd`);
    assert.equal(page.url(), `${base}/search?q=odd`);
  });
});
