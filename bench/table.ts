// `node bench/table.ts [ROWS]`: the dashboard's table of live connections in Chromium, with so many rows (100,000) as a gate would answer them:
// how long they take to fetch and to filter, how even the frames are while it is scrolled, and what the page takes of memory. The peer of the same
// run is a table of the same rows that draws all of them, as far as it comes within its time. With connections that really are open:
// `node bench/connections.ts --look`.

import type { Page } from 'playwright-core';
import { pageRows } from '../src/admin/endpoints/connections.ts';
import { dashboardGate } from '../test/browser/dashboard-gate.ts';
import type { Visit } from '../test/browser/dashboard-visit.ts';

/** A frame longer than this is seen as a jerk, in ms: two of a screen of 60 Hz, and a little. */
const jerkMs = 40;
/** Rows that the peer draws: all of a hundred thousand take minutes. */
const peerRows = 5000;

interface Frames {
  readonly frames: readonly number[];
  readonly drawn: number;
}

/** Scrolls an element to its end and back as if its bar were dragged, or by turns of the wheel, and gives how long each frame took. Run in the page. */
const scrolling = (selector: string, way: 'bar' | 'wheel') => `(async () => {
  const place = document.querySelector('${selector}');
  const frames = [];
  let last = await new Promise(requestAnimationFrame);
  for (let step = 0; step < 240; step++) {
    const part = step < 120 ? step / 120 : (240 - step) / 120;
    if ('${way}' === 'bar') place.scrollTop = part * (place.scrollHeight - place.clientHeight);
    else place.scrollTop += step < 120 ? 120 : -120;
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - last);
    last = now;
  }
  return { frames, drawn: place.querySelectorAll('tr').length };
})()`;

function row(name: string, text: string): void {
  process.stdout.write(`  ${name.padEnd(34)}${text}\n`);
}

function tell(name: string, { frames, drawn }: Frames): void {
  const sorted = [...frames].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);
  const jerks = frames.filter((ms) => ms > jerkMs).length;
  row(
    name,
    `median ${at(0.5)} ms, 95 % ${at(0.95)} ms, longest ${at(1)} ms; ${jerks} of ${frames.length} over ${jerkMs} ms; ${drawn} rows drawn`,
  );
}

async function heapMiB(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return `${(usedSize / 2 ** 20).toFixed(1)} MiB`;
}

/** What is found at a table of so many rows that the browser is to show: `last` is in one row alone. */
export async function measureTable(seen: Visit, total: number, last: () => Promise<string>): Promise<void> {
  const { page } = seen;
  const before = await heapMiB(page);
  const began = performance.now();
  await seen.open('connections', 'Connections');
  await page.getByText(new RegExp(`^${total.toLocaleString('en-GB')} open`)).waitFor();
  process.stdout.write(`${total} rows\n`);
  row('fetched and drawn after', `${((performance.now() - began) / 1000).toFixed(1)} s, in pages of ${pageRows}`);
  tell('by the wheel, while it is kept up', await scrolled(page, rowsPlace, 4, 'wheel'));
  tell('by its bar, while it is kept up', await scrolled(page, rowsPlace, 4, 'bar'));
  await page.getByLabel('hold still').check();
  tell('by its bar, held still', await scrolled(page, rowsPlace, 1, 'bar'));
  const only = await last();
  row('filtered to one after', await timed(page, () => page.getByPlaceholder(/^Filter/).fill(only), /^1 of /));
  await page.getByPlaceholder(/^Filter/).fill('');
  await page.getByText(new RegExp(`^${total.toLocaleString('en-GB')} open`)).waitFor();
  const grouped = await timed(page, () => page.getByLabel('by client').check(), /^Connections$/, 'Clients with live');
  row('grouped by client after', grouped);
  await page.getByLabel('by client').uncheck();
  row('memory of the page', `${before} before, ${await heapMiB(page)} with them`);
  await page.getByLabel('hold still').uncheck();
  for (let look = 0; look < 3; look++) await page.waitForResponse(/connections\?after=0/);
  row('after three more looks', await heapMiB(page));
}

const rowsPlace = '[aria-label="Live connections, table"]';

/** The time from an act until a text stands. */
async function timed(page: Page, act: () => Promise<unknown>, text: RegExp, within?: string): Promise<string> {
  const began = performance.now();
  await act();
  const place = within === undefined ? page : page.locator(`[aria-label^="${within}"]`).first();
  await place.getByText(text).first().waitFor();
  return `${(performance.now() - began).toFixed(0)} ms`;
}

/** To the end and back, so many times. */
async function scrolled(page: Page, selector: string, times: number, way: 'bar' | 'wheel'): Promise<Frames> {
  const frames: number[] = [];
  let drawn = 0;
  for (let time = 0; time < times; time++) {
    const one = await page.evaluate<Frames>(scrolling(selector, way));
    frames.push(...one.frames);
    drawn = one.drawn;
  }
  return { frames, drawn };
}

async function main(): Promise<void> {
  const total = Number(process.argv[2] ?? 100_000);
  const house = await dashboardGate(false);
  try {
    const { page } = house.seen;
    await page.route('**/api/v1/connections?*', (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get('after') ?? 0);
      const rows = Array.from({ length: Math.min(pageRows, total - from) }, (_, index) => connection(from + index + 1));
      const next = from + rows.length < total ? from + rows.length : null;
      return route.fulfill({ json: { total, rows, next } });
    });
    await measureTable(house.seen, total, async () => connection(total - 3).from);
    await page.evaluate(peer(peerRows));
    tell(`beside it: all ${peerRows} drawn`, await scrolled(page, '#peer', 1, 'bar'));
  } finally {
    await house.end();
  }
}

function connection(number: number) {
  const from = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 15}:${40_000 + (number % 20_000)}`;
  const facts = { to: '192.0.2.1:443', listener: ':443 tls', rule: 'rule 1', stage: 'idle', tls: 'TLSv1.3' };
  return { number, from, ...facts, requests: number % 7, bytesIn: number, bytesOut: number * 3, ageMs: number };
}

/** A plain table with every row in the document. Run in the page. */
const peer = (rows: number) => `(() => {
  const place = document.createElement('div');
  place.id = 'peer';
  place.style.cssText = 'height: 500px; overflow: auto';
  const table = document.createElement('table');
  for (let number = 0; number < ${rows}; number++) {
    const line = table.insertRow();
    for (let cell = 0; cell < 12; cell++) line.insertCell().textContent = number + ' ' + cell;
  }
  place.append(table);
  document.querySelector('main').append(place);
})()`;

if (import.meta.main) await main();
