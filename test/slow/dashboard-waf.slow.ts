// The WAF at the dashboard: ten thousand attacks as one line, a false alarm found and excluded with its proof, a mode switched, and what was
// decided once more; each seen in a browser, and in what the gate then does.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect } from 'node:tls';
import { type DashboardGate, dashboardGate } from '../browser/dashboard-gate.ts';

const attack = '/users?id=1;DROP%20TABLE%20users;--';
/** What an application might well be sent by whoever writes about databases. */
const falseAlarm = '/notes?text=1;DROP%20TABLE%20users;--';
const ordinaryClient = '127.0.0.7';

let house: DashboardGate;

before(async () => {
  house = await dashboardGate(false);
});
after(() => house?.end());

/** So many times the same attack, over one connection. */
async function flood(times: number): Promise<void> {
  const socket = connect({ port: house.port, host: '127.0.0.1', rejectUnauthorized: false }).setNoDelay();
  await once(socket, 'secureConnect');
  let answers = 0;
  let rest = '';
  const done = new Promise<void>((resolve, reject) => {
    socket.on('data', (piece: Buffer) => {
      const text = rest + piece.toString('latin1');
      answers += text.split('HTTP/1.1 403').length - 1;
      rest = text.slice(-11);
      if (answers === times) resolve();
    });
    socket.on('close', () => reject(new Error(`closed after ${answers}`)));
  });
  socket.write(`GET ${attack} HTTP/1.1\r\nHost: localhost\r\n\r\n`.repeat(times));
  await done;
  socket.destroy();
}

describe('the WAF at the dashboard', () => {
  it('shows ten thousand attacks that are alike as one line with their exact number', {
    timeout: 120_000,
  }, async () => {
    for (let connection = 0; connection < 20; connection++) await flood(500);
    await house.seen.open('waf', 'WAF');
    const line = house.seen.page.getByRole('row', { name: /^10,000 block waf\/sql-injection/ });
    await line.waitFor();
    assert.equal(await house.seen.page.getByRole('table').first().getByRole('row').count(), 2);
    await line.getByRole('link', { name: 'one of them' }).click();
    await house.seen.page.getByRole('region', { name: 'The request as it was sent' }).waitFor();
    assert.deepEqual(house.seen.complaints(), []);
  });

  it('finds what an ordinary client met, and excludes it once it was seen what that lets through', async () => {
    for (let turn = 0; turn < 5; turn++) await house.ask(`/notes?page=${turn}`, {}, ordinaryClient);
    const { status, id } = await house.ask(falseAlarm, {}, ordinaryClient);
    assert.equal(status, 403);
    const { page } = house.seen;
    // Until it is in the history, where the queue is made.
    await house.seen.open('journeys?client=127.0.0.7&verdict=block', 'Journeys');
    await page.getByRole('link', { name: /^\d\d:\d\d:\d\d$/ }).waitFor();
    await house.seen.open('waf', 'WAF');
    const row = page.getByRole('table', { name: '' }).getByRole('row', { name: /^1 of 1 1 1042100/ });
    await row.waitFor();
    await house.seen.look('waf-tuning');
    await row.getByRole('button', { name: 'Exclude rule 1042100 in ARGS:text' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('The recorded request passes with it.').waitFor();
    await dialog.getByText(/^Of \d+ samples of attacks in that place, \d+ would newly pass/).waitFor();
    const why = dialog.getByLabel('Why, for whoever reads the file next');
    await why.fill('notes are about databases');
    await why.press('Enter');
    await dialog.getByLabel('Holds for').selectOption('30 days');
    await dialog
      .getByText(/notes are about databases/)
      .last()
      .waitFor();
    await house.seen.look('exclusion');
    await dialog.getByRole('button', { name: 'Write and apply' }).click();
    await page.getByText('The gate goes on with the new configuration').waitFor();
    assert.match(
      readFileSync(house.file, 'utf8'),
      /exclude: \[\{.*ARGS:text.*\/notes.*notes are about databases.*\}\]/,
    );
    const trail = readFileSync(join(house.folder, 'data/admin-audit.jsonl'), 'utf8');
    assert.match(trail, new RegExp(`PUT /configuration.*exclusion for request ${id}.*"outcome":"done"`));
    assert.equal((await house.ask(falseAlarm, {}, ordinaryClient)).status, 200);
    assert.equal((await house.ask(attack, {}, ordinaryClient)).status, 403);
    await page.getByLabel('that', { exact: false }).selectOption('were left out most');
    await page.getByRole('row', { name: /^[1-9]\d* 1042100 1042100 in ARGS:text of GET under \/notes/ }).waitFor();
    // The request that was refused would pass now, and what decides it says so.
    await house.seen.open(`journeys/${id}`, 'Journeys');
    await page.getByRole('button', { name: 'Replay' }).click();
    await page.getByText(/^The configuration as it stands would let it through/).waitFor();
    assert.deepEqual(house.seen.complaints(), []);
  });

  it('switches the mode of a site through a plan, and the gate does as it says', async () => {
    const { page } = house.seen;
    await house.seen.open('waf', 'WAF');
    const mode = page.getByLabel('Mode for *');
    await mode.selectOption('detect');
    const dialog = page.getByRole('dialog');
    await dialog.getByText('What the WAF finds is told, and reaches the application.').waitFor();
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await mode.inputValue(), 'block');
    await mode.selectOption('detect');
    await dialog
      .getByText(/waf.*detect/)
      .first()
      .waitFor();
    await house.seen.look('mode');
    await dialog.getByRole('button', { name: 'Write and apply' }).click();
    // The dialog's end, because the notice of the case before may stand yet.
    await dialog.waitFor({ state: 'detached' });
    assert.equal((await house.ask(attack)).status, 200);
    await mode.locator('option:checked', { hasText: 'detect' }).waitFor({ state: 'attached' });
    assert.deepEqual(house.seen.complaints(), []);
  });

  it('says what another configuration would have done with the last requests', async () => {
    await house.seen.open('configuration', 'Configuration');
    const source = house.seen.page.getByLabel('The configuration file');
    await source.fill((await source.inputValue()).replace('mode: detect', 'mode: block'));
    await house.seen.page.getByRole('button', { name: 'Plan' }).click();
    await house.seen.page.getByRole('button', { name: 'Replay the last requests' }).click();
    await house.seen.page.getByText(/newly refused 1 × waf\/sql-injection/).waitFor();
    await house.seen.look('replay');
    assert.deepEqual(house.seen.complaints(), []);
  });
});
