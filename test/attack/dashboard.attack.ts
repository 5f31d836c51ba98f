// Every view of the dashboard against a gate under load and attack: opened, filtered, acted on, looked at by axe through every screen;
// and with somebody else's strings in every field. PORTCULLIS_SCREENSHOTS=DIRECTORY keeps pictures of what was seen.
// Two of its cases have not passed yet, and those behind them were not reached: it is run by hand, `node --test test/attack/dashboard.attack.ts`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { request as secureRequest } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Route } from 'playwright-core';
import { buildDashboard, type Visit, visit } from '../browser/dashboard-visit.ts';
import { hostile, poisoned } from '../browser/hostile.ts';
import { type Running, start } from '../portcullis-process.ts';

const views = [
  'Now',
  'Connections',
  'Journeys',
  'Firewall',
  'WAF',
  'Upstreams',
  'Certificates',
  'Configuration',
  'Learn',
];

let folder: string;
let file: string;
let app: Server;
let gate: Running;
let seen: Visit;
let port: number;
let isOver = false;
let load: Promise<unknown>;
const held: Socket[] = [];

before(async () => {
  buildDashboard();
  folder = mkdtempSync(join(tmpdir(), 'portcullis-dashboard-'));
  file = join(folder, 'portcullis.yaml');
  app = createServer((_, answer) => answer.end('hello')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const upstream = (app.address() as AddressInfo).port;
  writeFileSync(
    file,
    `data_directory: data
listen: [{ address: 127.0.0.1, port: 0, tls: true }]
firewall:
  rules:
    - allow tcp all from any # '"><img src=x onerror=alert("rule")>
    - deny tcp 22 from 10.1.0.0/16 # never hit
tls: { local_names: [localhost] }
sites:
  - { host: '*', to: ['localhost:${upstream}', 'localhost:1'], breaker: {} }
rates: []
limits: { max_new_connections_per_client_per_second: 1000 }
`,
  );
  gate = start(['run', '--json'], { cwd: folder });
  const { addresses } = JSON.parse((await gate.says(/^\{.*\}$/m))[0]);
  port = addresses[0].port;
  seen = await visit(gate, join(folder, 'data'));
  load = Promise.all([traffic(), traffic()]);
});
after(async () => {
  isOver = true;
  await load;
  for (const socket of held) socket.destroy();
  await seen?.end();
  await gate.stop('SIGKILL');
  app.closeAllConnections();
  app.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Requests one after the other until the end, good ones and attacks in turn, with hostile strings wherever they may be sent. */
async function traffic(): Promise<void> {
  for (let turn = 0; !isOver; turn++) {
    const text = hostile[turn % hostile.length]!;
    const paths = [
      '/',
      `/search?q=${encodeURIComponent(text.toWellFormed().slice(0, 500))}`,
      '/users?id=1;DROP%20TABLE%20users;--',
      '/a/..%2f..%2fetc/passwd',
    ];
    // Some fifty a second: the browser beside it needs the machine, too.
    await wait(20);
    await send(paths[turn % paths.length]!, {
      'user-agent': printable(text),
      referer: printable(text),
      host: 'localhost',
    }).catch(() => 0);
  }
}

/** What node:http lets stand in a field. */
function printable(text: string): string {
  return (
    [...text]
      .filter((character) => character >= ' ' && character <= '~')
      .join('')
      .slice(0, 500) || '-'
  );
}

function send(path: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = secureRequest(
      { port, host: '127.0.0.1', path, headers, rejectUnauthorized: false, agent: false },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(String(answer.headers['x-request-id'])));
      },
    );
    sent.on('error', reject);
    sent.end();
  });
}

describe('every view under load and attack', () => {
  for (const name of views)
    it(name, { timeout: 240_000 }, async () => {
      await seen.open(name.toLowerCase(), name);
      await seen.page
        .getByText(/^Asking for/)
        .first()
        .waitFor({ state: 'detached' });
      await seen.look(name.toLowerCase());
      assert.deepEqual(seen.complaints(), []);
    });

  it('a journey, in the middle of being played', { timeout: 240_000 }, async () => {
    const id = await send(`/users?name=${encodeURIComponent(hostile[1]!)}&id=1;DROP%20TABLE%20users;--`, {
      'user-agent': hostile[0]!,
      host: 'localhost',
    });
    await seen.open(`journeys/${id}`, 'Journeys');
    await seen.page.getByRole('button', { name: 'Play' }).click();
    await seen.page.getByText('A name is turned into an address.', { exact: false }).waitFor();
    await seen.page.getByRole('button', { name: 'Pause' }).click();
    await seen.look('journey');
    assert.deepEqual(seen.complaints(), []);
  });
});

describe('what is done at the dashboard happens', () => {
  it('a ban, and its end', async () => {
    await seen.open('firewall', 'Firewall');
    await seen.page.getByRole('button', { name: 'Ban somebody…' }).click();
    await seen.page.getByLabel('Address or network').fill('203.0.113.0/24');
    await seen.page.getByLabel('Why, for whoever reads the list next').fill(hostile[1]!);
    await seen.look('ban-dialog');
    await seen.page.getByRole('button', { name: 'Ban', exact: true }).click();
    const row = seen.page.getByRole('row', { name: /203\.0\.113\.0\/24/ });
    await row.waitFor();
    await seen.page.getByLabel('From').fill('203.0.113.9');
    await seen.page.getByRole('button', { name: 'Ask' }).click();
    await seen.page.getByText(/203\.0\.113\.9 is banned/).waitFor();
    await row.getByRole('button', { name: /^Let / }).click();
    await row.waitFor({ state: 'detached' });
    await seen.page.getByText('Nobody is banned.').waitFor();
    assert.deepEqual(seen.complaints(), []);
  });

  it('the rule that can never be hit is told, with its packet', async () => {
    await seen.open('firewall', 'Firewall');
    await seen.page.getByText(/rule 2 can never be hit/).waitFor();
  });

  it('the configuration: a problem, a plan, a change that holds, and its trace', { timeout: 120_000 }, async () => {
    await seen.open('configuration', 'Configuration');
    const source = seen.page.getByLabel('The configuration file');
    const before_ = await source.inputValue();
    await source.fill(`${before_}sitez: []\n`);
    await seen.page.getByRole('button', { name: 'Check' }).click();
    await seen.page.getByRole('heading', { name: 'One problem' }).waitFor();
    await source.fill(before_.replace('never hit', 'never hit\n    - allow tcp 5432 from 10.0.0.0/8'));
    await seen.page.getByRole('button', { name: 'Plan' }).click();
    await seen.page.getByRole('heading', { name: 'What would change' }).waitFor();
    await seen.look('plan');
    await seen.page.getByRole('button', { name: 'Apply…' }).click();
    await seen.page.getByRole('button', { name: 'Apply', exact: true }).click();
    await seen.page.getByText('The gate goes on with the new configuration').waitFor();
    assert.match(readFileSync(file, 'utf8'), /allow tcp 5432/);
    assert.match(readFileSync(join(folder, 'data/admin-audit.jsonl'), 'utf8'), /PUT \/configuration.*"outcome":"done"/);
    await seen.page.getByText(/^stood until/).waitFor();
    assert.deepEqual(seen.complaints(), []);
  });

  it('experiments: a crowd at one port is opened, and is gone', { timeout: 120_000 }, async () => {
    await seen.open('learn', 'Learn');
    await seen.page.getByLabel('Connections', { exact: true }).first().selectOption('1000');
    await seen.page.getByRole('button', { name: 'Open them' }).click();
    await seen.page.getByText('All are closed again.').waitFor();
    await seen.page.getByRole('button', { name: 'Serve them' }).click();
    await seen.page.getByText(/Both answer all in about the same time/).waitFor();
    assert.deepEqual(seen.complaints(), []);
  });

  it('by the keyboard alone: to the menu, through a table, to a row', async () => {
    await seen.open('now', 'Now');
    await seen.page.keyboard.press('Tab');
    assert.equal(await seen.page.evaluate('document.activeElement.textContent'), 'Skip to the view');
    await seen.page.keyboard.press('Enter');
    assert.equal(await seen.page.evaluate('document.activeElement.id'), 'main');
    await seen.page.getByRole('link', { name: 'Connections', exact: true }).focus();
    await seen.page.keyboard.press('Enter');
    await seen.page.getByRole('heading', { level: 1, name: 'Connections' }).waitFor();
    assert.equal(await seen.page.evaluate('document.activeElement.id'), 'main');
  });
});

describe('a hundred thousand connections', () => {
  it('are scrolled, filtered and grouped, with a few rows drawn', { timeout: 120_000 }, async () => {
    const total = 100_000;
    await seen.page.route('**/api/v1/connections?*', (route) => {
      const from = Number(new URL(route.request().url()).searchParams.get('after') ?? 0);
      const rows = Array.from({ length: Math.min(2000, total - from) }, (_, index) => rowOf(from + index + 1));
      const next = from + rows.length < total ? from + rows.length : null;
      return route.fulfill({ json: { total, rows, next } });
    });
    await seen.open('connections', 'Connections');
    await seen.page.getByText('100,000 open').waitFor();
    const table = seen.page.getByRole('table', { name: 'Live connections' });
    assert.equal(await table.getAttribute('aria-rowcount'), '100001');
    assert.ok((await table.getByRole('row').count()) < 120);
    await seen.page
      .getByRole('region', { name: 'Live connections, table' })
      .evaluate('(element) => { element.scrollTop = element.scrollHeight; }');
    await seen.page.getByText('100000', { exact: true }).waitFor();
    await seen.page.getByPlaceholder(/^Filter/).fill(rowOf(77_777).from);
    await seen.page.getByText('1 of 100,000').waitFor();
    await seen.page.getByPlaceholder(/^Filter/).fill('');
    await seen.page.getByLabel('by client').check();
    await seen.page.getByRole('table', { name: 'Clients with live connections' }).waitFor();
    await seen.page.unroute('**/api/v1/connections?*');
    assert.deepEqual(seen.complaints(), []);
  });
});

function rowOf(number: number) {
  const from = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 15}:${40_000 + (number % 20_000)}`;
  return {
    number,
    from,
    to: '192.0.2.1:443',
    listener: ':443 tls',
    rule: 'rule 1',
    stage: 'idle',
    tls: 'TLSv1.3',
    requests: number % 7,
    bytesIn: number,
    bytesOut: number * 3,
    ageMs: number,
  };
}

/** Run in the page: what should not be there, whoever wrote the strings in it. */
const intruders = `(() => {
  const found = [];
  for (const element of document.querySelectorAll('#app *')) {
    const name = element.localName;
    if (['script', 'img', 'iframe', 'object', 'embed', 'link', 'meta', 'base', 'style', 'audio', 'video'].includes(name)) found.push(name);
    for (const { name: attribute, value } of element.attributes) {
      if (attribute.startsWith('on')) found.push(attribute);
      if (['href', 'src', 'action', 'xlink:href'].includes(attribute) && !value.startsWith('#/')) found.push(attribute + '=' + value);
    }
  }
  if (/[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u202a-\\u202e\\u2066-\\u2069]/.test(document.body.innerText)) found.push('a character that steers');
  if (!/^[A-Za-z]+ – Portcullis$/.test(document.title)) found.push('title ' + document.title);
  return [...new Set(found)];
})()`;

/** Answers as they came, with every text in them replaced. The session's own stays. */
async function poison(route: Route): Promise<void> {
  const url = new URL(route.request().url());
  if (url.pathname.endsWith('/session')) return route.continue();
  const isStream = url.pathname.endsWith('/events');
  const response = await route.fetch(isStream ? { url: `${url.origin}/api/v1/status` } : {}).catch(() => null);
  if (response === null) return route.abort().catch(() => {});
  const text = await response.text();
  const value = poisoned(JSON.parse(text), () => false);
  if (!isStream) return route.fulfill({ status: response.status(), json: value });
  return route.fulfill({ contentType: 'text/event-stream', body: `event: status\ndata: ${JSON.stringify(value)}\n\n` });
}

describe("somebody else's strings in every field of every view do nothing", () => {
  before(() => seen.page.route('**/api/v1/**', poison));
  after(() => seen.page.unroute('**/api/v1/**'));
  for (const name of [...views, 'Journeys/01JDX3M8RN'])
    it(name, { timeout: 120_000 }, async () => {
      await seen.open(
        name === 'Journeys/01JDX3M8RN'
          ? `journeys/${await send('/users?id=1;DROP%20TABLE%20users;--', { host: 'localhost' })}`
          : name.toLowerCase(),
      );
      await seen.page.waitForLoadState('networkidle').catch(() => {});
      for (const button of await seen.page
        .getByRole('main')
        .getByRole('button', { name: /^(Look|Knock|Ask|Play|Check)/ })
        .all())
        await button.click({ timeout: 5000 }).catch(() => {});
      await seen.page.getByRole('main').locator('bdi').first().waitFor();
      assert.deepEqual(await seen.page.evaluate(intruders), [], name);
      for (const width of [1280, 390]) {
        await seen.page.setViewportSize({ width, height: 800 });
        const wide = await seen.page.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(wide <= width, `${name} is ${wide} wide at ${width}`);
      }
      await seen.page.setViewportSize({ width: 1280, height: 860 });
      assert.deepEqual(
        seen
          .complaints()
          .filter((text) => !/^Failed to load resource: the server responded with a status of (4|5)/.test(text)),
        [],
        name,
      );
    });
});

describe('a thousand tabs and a slow browser', () => {
  it('hold as many streams as one may, and the gate answers all the same', async () => {
    const { hostname, port: own } = new URL(seen.base);
    const token = await seen.page.evaluate<string>('localStorage.getItem("portcullis-csrf")');
    const cookies = (await seen.page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    // Sockets that ask for events and never read what comes.
    for (let count = 0; count < 120; count++) {
      const socket = connect(Number(own), hostname).on('error', () => {});
      socket.pause();
      socket.write(
        `GET /api/v1/events HTTP/1.1\r\nHost: ${hostname}:${own}\r\nCookie: ${cookies}\r\nx-portcullis-csrf: ${token}\r\n\r\n`,
      );
      held.push(socket);
    }
    const status = await new Promise<number>((resolve, reject) => {
      const asked = request(
        {
          hostname,
          port: own,
          path: '/api/v1/bans',
          headers: { cookie: cookies, 'x-portcullis-csrf': token },
          agent: false,
        },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode!);
        },
      );
      asked.on('error', reject);
      asked.end();
    });
    assert.ok([200, 429].includes(status), String(status));
    await seen.open('now', 'Now');
    await seen.page.getByText('live', { exact: true }).waitFor();
  });
});
