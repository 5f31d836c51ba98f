// A gate under load and attack with a browser at its dashboard: good requests and attacks in turn, somebody else's strings wherever they
// may be sent.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { start } from '../portcullis-process.ts';
import { buildDashboard, type Visit, visit } from './dashboard-visit.ts';
import { hostile } from './hostile.ts';

/** The gate, and who looks at it. */
export interface DashboardGate {
  readonly seen: Visit;
  /** Where everything of it lies, and its configuration in there. */
  readonly folder: string;
  readonly file: string;
  /** Sends a request and gives its number. */
  send(path: string, headers?: Readonly<Record<string, string>>): Promise<string>;
  end(): Promise<void>;
}

/** Every view of the menu. */
export const viewNames = [
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

/** Starts all of it; the load goes on until the end. */
export async function dashboardGate(): Promise<DashboardGate> {
  buildDashboard();
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-dashboard-'));
  const file = join(folder, 'portcullis.yaml');
  const app = createServer((_, answer) => answer.end('hello')).listen(0, '127.0.0.1');
  await once(app, 'listening');
  writeFileSync(file, configurationFor((app.address() as AddressInfo).port));
  const gate = start(['run', '--json'], { cwd: folder });
  const { addresses } = JSON.parse((await gate.says(/^\{.*\}$/m))[0]);
  const { port } = addresses[0];
  const seen = await visit(gate, join(folder, 'data'));
  const send = (path: string, headers: Readonly<Record<string, string>> = {}) => sent(port, path, headers);
  let isOver = false;
  const load = Promise.all(Array.from({ length: 2 }, () => traffic(send, () => isOver)));
  return {
    seen,
    folder,
    file,
    send,
    end: async () => {
      isOver = true;
      await load;
      await seen.end();
      await gate.stop('SIGKILL');
      app.closeAllConnections();
      app.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function configurationFor(upstream: number): string {
  return `data_directory: data
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
`;
}

type Send = DashboardGate['send'];

async function traffic(send: Send, isOver: () => boolean): Promise<void> {
  for (let turn = 0; !isOver(); turn++) {
    const text = hostile[turn % hostile.length]!;
    const paths = [
      '/',
      `/search?q=${encodeURIComponent(text.toWellFormed().slice(0, 500))}`,
      '/users?id=1;DROP%20TABLE%20users;--',
      '/a/..%2f..%2fetc/passwd',
    ];
    // Some fifty a second: the browser beside it needs the machine, too.
    await wait(20);
    const headers = { 'user-agent': printable(text), referer: printable(text) };
    await send(paths[turn % paths.length]!, headers).catch(() => 0);
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

function sent(port: number, path: string, more: Readonly<Record<string, string>>): Promise<string> {
  const headers = { host: 'localhost', ...more };
  return new Promise((resolve, reject) => {
    const asked = secureRequest(
      { port, host: '127.0.0.1', path, headers, rejectUnauthorized: false, agent: false },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(String(answer.headers['x-request-id'])));
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}
