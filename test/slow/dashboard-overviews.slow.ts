// What the dashboard shows of bots, models, records and authorities, against a gate under load: looked at on every screen, and acted on.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type DashboardGate, dashboardGate } from '../browser/dashboard-gate.ts';
import { hostile } from '../browser/hostile.ts';

let house: DashboardGate;

before(async () => {
  house = await dashboardGate();
});
after(() => house?.end());

const trail = () => readFileSync(join(house.folder, 'data/admin-audit.jsonl'), 'utf8');

describe('overviews', () => {
  it('tasks of browsers and the tarpit are counted', { timeout: 120_000 }, async () => {
    const { page } = house.seen;
    assert.equal((await house.ask('/task', { accept: 'text/html' })).status, 403);
    await house.seen.open('waf', 'WAF');
    await page.getByText(/^1 set to browsers/).waitFor();
    await page.getByText('<img src=x onerror=alert(1)>').waitFor();
    assert.deepEqual(house.seen.complaints(), []);
  });

  it('what is learnt is a document, and is forgotten', { timeout: 120_000 }, async () => {
    const { page } = house.seen;
    await house.seen.open('waf', 'WAF');
    await page.getByRole('button', { name: 'Document of what was learnt of *' }).click();
    await page.getByLabel('Leave out what was asked for less often than').selectOption('1');
    await page.getByText(/^1 path\.|^\d+ paths/).waitFor();
    assert.match(await page.getByLabel('The document').inputValue(), /openapi: 3/);
    await house.seen.look('learnt');
    await page.getByRole('button', { name: 'Copy' }).click();
    await page.getByText('The document is in the clipboard').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Forget…' }).click();
    await house.seen.look('forget', ['phone-dark']);
    await page.getByRole('button', { name: 'Forget', exact: true }).click();
    await page.getByText('What was learnt is forgotten').waitFor();
    assert.match(trail(), /DELETE \/models\/learnt.*"outcome":"done"/);
    assert.deepEqual(house.seen.complaints(), []);
  });

  it('what is written down of a client is deleted, with a trace', { timeout: 120_000 }, async () => {
    const { page } = house.seen;
    const { id } = await house.ask('/from-another', {}, '127.0.0.9');
    await house.seen.open(`journeys?client=127.0.0.9`, 'Journeys');
    await page.getByText('GET localhost/from-another').waitFor();
    await page.getByRole('button', { name: 'Delete…' }).click();
    const field = page.getByLabel(/^Of this client/);
    await field.fill(hostile[1]!);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.locator('.notice-trouble').waitFor();
    await field.fill('127.0.0.9');
    await page.getByLabel('Which').selectOption('whatever its age');
    await house.seen.look('purge');
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText(/^1 journey deleted/).waitFor();
    await page.getByText('No journey is like that').waitFor();
    await house.seen.open(`journeys/${id}`, 'Journeys');
    await page.getByText(/no request with the id/).waitFor();
    assert.match(trail(), /POST \/records\/purges.*127\.0\.0\.9.*"outcome":"done"/);
  });

  it('an authority that refuses is told with what it said', { timeout: 120_000 }, async () => {
    const { page } = house.seen;
    house.seen.complaints();
    await page.route('**/api/v1/certificates', (route) =>
      route.fulfill({
        json: {
          isOn: true,
          rows: [
            managed('shop.example.com', 'good', ''),
            managed('www.example.com', 'failing', 'the CA could not connect to port 80: connection refused'),
          ],
        },
      }),
    );
    await house.seen.open('certificates', 'Certificates');
    await page.getByText(/could not connect to port 80/).waitFor();
    await house.seen.look('authorities');
    await house.seen.open('now', 'Now');
    await page.getByText(/^No certificate for www.example.com/).waitFor();
    await page.unroute('**/api/v1/certificates');
    await house.seen.open('certificates', 'Certificates');
    await page.getByText(/No certificate authority is asked/).waitFor();
    assert.deepEqual(house.seen.complaints(), []);
  });
});

function managed(name: string, state: string, lastError: string) {
  return {
    names: [name],
    issuer: state === 'good' ? "C=US, O=Let's Encrypt, CN=R11" : '',
    profile: '',
    authority: 'https://acme-v02.api.letsencrypt.org/directory',
    notAfter: state === 'good' ? '2027-02-01T00:00:00.000Z' : null,
    renewAt: state === 'good' ? '2027-01-02T00:00:00.000Z' : null,
    explanation: '',
    state,
    lastError,
    triedAgainAt: lastError === '' ? null : '2026-11-26T09:00:00.000Z',
  };
}
