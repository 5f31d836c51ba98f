// Somebody else's strings in every field of every view, which do nothing; and a browser with more tabs than anybody has, which reads none of
// them.

import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { Route } from 'playwright-core';
import { type DashboardGate, dashboardGate, viewNames } from '../browser/dashboard-gate.ts';
import { poisoned } from '../browser/hostile.ts';

let house: DashboardGate;
const held: Socket[] = [];

before(async () => {
  house = await dashboardGate();
});
after(async () => {
  for (const socket of held) socket.destroy();
  await house?.end();
});

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

/** What a gate answers that asks an authority. */
const managed = {
  isOn: true,
  rows: ['failing', 'good'].map((state) => ({
    names: ['a', 'b'],
    issuer: 'a',
    profile: '',
    authority: 'a',
    notAfter: '2027-01-01T00:00:00.000Z',
    renewAt: 'a',
    explanation: 'a',
    state,
    lastError: 'a',
    triedAgainAt: 'a',
  })),
};

/** Answers as they came, with every text in them replaced. The session's own stays. */
async function poison(route: Route): Promise<void> {
  const url = new URL(route.request().url());
  if (url.pathname.endsWith('/session')) return route.continue();
  const isStream = url.pathname.endsWith('/events');
  const response = await route.fetch(isStream ? { url: `${url.origin}/api/v1/status` } : {}).catch(() => null);
  if (response === null) return route.abort().catch(() => {});
  const text = url.pathname.endsWith('/certificates') ? JSON.stringify(managed) : await response.text();
  const value = poisoned(JSON.parse(text), () => false);
  if (!isStream) return route.fulfill({ status: response.status(), json: value });
  return route.fulfill({ contentType: 'text/event-stream', body: `event: status\ndata: ${JSON.stringify(value)}\n\n` });
}

describe("somebody else's strings in every field of every view do nothing", () => {
  before(() => house.seen.page.route('**/api/v1/**', poison));
  after(() => house.seen.page.unroute('**/api/v1/**'));
  for (const name of [...viewNames, 'Journeys/01JDX3M8RN'])
    it(name, { timeout: 120_000 }, async () => {
      await house.seen.open(
        name === 'Journeys/01JDX3M8RN'
          ? `journeys/${await house.send('/users?id=1;DROP%20TABLE%20users;--')}`
          : name.toLowerCase(),
      );
      const main = house.seen.page.getByRole('main');
      await main.locator('bdi').first().waitFor();
      await main
        .getByText(/^Asking for/)
        .first()
        .waitFor({ state: 'detached' });
      for (const button of await main
        .getByRole('button', { name: /^(Look|Knock|Ask|Play|Check|Document)/, disabled: false })
        .all())
        await button.click({ timeout: 5000 }).catch(() => {});
      assert.deepEqual(await house.seen.page.evaluate(intruders), [], name);
      for (const width of [1280, 390]) {
        await house.seen.page.setViewportSize({ width, height: 800 });
        const wide = await house.seen.page.evaluate<number>('document.documentElement.scrollWidth');
        assert.ok(wide <= width, `${name} is ${wide} wide at ${width}`);
      }
      await house.seen.page.setViewportSize({ width: 1280, height: 860 });
      assert.deepEqual(
        house.seen
          .complaints()
          .filter((text) => !/^Failed to load resource: the server responded with a status of (4|5)/.test(text)),
        [],
        name,
      );
    });
});

describe('a thousand tabs and a slow browser', () => {
  it('hold as many streams as one may, and the gate answers all the same', async () => {
    const { hostname, port: own } = new URL(house.seen.base);
    const token = await house.seen.page.evaluate<string>('localStorage.getItem("portcullis-csrf")');
    const cookies = (await house.seen.page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
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
    await house.seen.open('now', 'Now');
    await house.seen.page.getByText('live', { exact: true }).waitFor();
  });
});
