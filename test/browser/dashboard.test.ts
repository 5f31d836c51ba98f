// The dashboard as a person meets it: a link that works once, live figures, a connection found and ended, an attack opened as its journey.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { type Running, start } from '../portcullis-process.ts';
import { buildDashboard, type Visit, visit } from './dashboard-visit.ts';

let folder: string;
let demo: Running;
let seen: Visit;
let port: number;

before(async () => {
  buildDashboard();
  folder = mkdtempSync(join(tmpdir(), 'portcullis-dashboard-'));
  demo = start(['demo', '--data-dir', join(folder, 'data'), '--port', '0', '--http-port', '0', '--json']);
  const { addresses } = JSON.parse((await demo.says(/^\{.*\}$/m))[0]);
  port = addresses.find(({ tls }: { tls: boolean }) => tls).port;
  seen = await visit(demo, join(folder, 'data'));
});
after(async () => {
  await seen?.end();
  await demo.stop('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Sends a request to the gate and gives its number. */
async function send(target: string, ...more: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('curl', [
    '-sk',
    '-o',
    '/dev/null',
    '-D',
    '-',
    `https://localhost:${port}${target}`,
    ...more,
  ]);
  return /^x-request-id: (\S+)/im.exec(stdout)![1]!;
}

describe('the dashboard', () => {
  it('shows what happens now, and asks nobody else for anything', async () => {
    await send('/');
    await seen.open('now', 'Now');
    await seen.page.getByText('live', { exact: true }).waitFor();
    await seen.page.getByRole('heading', { name: 'Who gets how far' }).waitFor();
    await seen.look('now', ['desk-light', 'phone-dark']);
    assert.deepEqual(seen.complaints(), []);
  });

  it('finds a connection by its 4-tuple, and ends it', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const { localPort } = socket;
    await seen.open('connections', 'Connections');
    await seen.page.getByPlaceholder(/^Filter/).fill(`:${localPort}`);
    const row = seen.page.getByRole('row', {
      name: new RegExp(`127\\.0\\.0\\.1:${localPort} 127\\.0\\.0\\.1:${port}`),
    });
    await row.waitFor();
    await seen.look('connections', ['desk-dark', 'phone-light']);
    const ended = once(socket, 'close');
    await row.getByRole('button', { name: /^End connection/ }).click();
    await ended;
    await seen.page.getByText(/^Connection \d+ is ended$/).waitFor();
    assert.deepEqual(seen.complaints(), []);
  });

  it('opens an attack as its journey, with the bytes that matched in their place, and plays it', async () => {
    const id = await send('/users?name=%3Cb%3E&id=1;DROP%20TABLE%20users;--', '-A', '<script>alert(1)</script>');
    await seen.open(`journeys/${id}`, 'Journeys');
    const wire = seen.page.getByRole('region', { name: 'The request as it was sent' });
    await wire.waitFor();
    assert.equal(await wire.locator('mark').first().innerText(), '1;DROP%20TABLE%20users;');
    await seen.page.getByRole('button', { name: 'Next step' }).click();
    await seen.page.getByText('A name is turned into an address.', { exact: false }).waitFor();
    await seen.look('journey', ['desk-light', 'phone-dark']);
    await seen.page.getByRole('button', { name: 'Copy as curl' }).click();
    await seen.page.getByText('The command is in the clipboard').waitFor();
    const copied = await seen.page.evaluate<string>('navigator.clipboard.readText()');
    assert.match(copied, /^curl .*'https:\/\/localhost:\d+\/users\?name=%3Cb%3E&id=1;DROP%20TABLE%20users;--'/);
    assert.deepEqual(seen.complaints(), []);
  });

  it('is found again by searching, and is imagined', async () => {
    await seen.open('journeys?layer=waf', 'Journeys');
    await seen.page
      .getByRole('link', { name: /^\d\d:\d\d:\d\d$/ })
      .first()
      .waitFor();
    await seen.look('journeys', ['desk-dark', 'phone-light']);
    await seen.open('journeys/imagine', 'Journeys');
    await seen.page.getByLabel('Path and query').fill('/files/../../etc/passwd');
    await seen.page.getByRole('button', { name: 'Ask' }).click();
    await seen.page.getByText('waf/path-traversal').waitFor();
    assert.deepEqual(seen.complaints(), []);
  });

  it('is closed to whoever logged out, and the link worked once', async () => {
    await seen.page.getByRole('button', { name: 'Log out' }).click();
    await seen.page.getByText('You are not logged in').waitFor();
    const answer = await seen.page.request.get(`${seen.base}/api/v1/status`);
    assert.equal(answer.status(), 401);
  });
});
