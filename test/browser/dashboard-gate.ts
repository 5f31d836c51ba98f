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

/** What came back. */
export interface Answered {
  readonly id: string;
  readonly status: number;
}

/** The gate, and who looks at it. */
export interface DashboardGate {
  readonly seen: Visit;
  /** Where everything of it lies, and its configuration in there. */
  readonly folder: string;
  readonly file: string;
  /** The port of the gate, for TLS. */
  readonly port: number;
  /** Sends a request and gives its number and status; `from` is an address of the loopback. */
  ask(path: string, headers?: Readonly<Record<string, string>>, from?: string): Promise<Answered>;
  /** The same, and gives the number alone. */
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

/** Starts all of it; the load goes on until the end, where one is wanted. */
export async function dashboardGate(isLoaded = true): Promise<DashboardGate> {
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
  const ask = (path: string, headers: Readonly<Record<string, string>> = {}, from = '127.0.0.1') =>
    asked(port, path, headers, from);
  const send = async (path: string, headers: Readonly<Record<string, string>> = {}) => (await ask(path, headers)).id;
  let isOver = false;
  const load = Promise.all(Array.from({ length: isLoaded ? 2 : 0 }, () => traffic(send, () => isOver)));
  return {
    seen,
    folder,
    file,
    port,
    ask,
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
  - { host: '*', to: ['localhost:${upstream}', 'localhost:1'], breaker: {}, learn: / }
rates: []
rules: [challenge if path is /task, tarpit if path is /pit]
bots: { verified: [{ name: '<img src=x onerror=alert(1)>', agent: goodbot, domains: [example.com] }] }
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

function asked(
  port: number,
  path: string,
  more: Readonly<Record<string, string>>,
  localAddress: string,
): Promise<Answered> {
  const headers = { host: 'localhost', ...more };
  return new Promise((resolve, reject) => {
    const request = secureRequest(
      { port, host: '127.0.0.1', path, headers, localAddress, rejectUnauthorized: false, agent: false },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve({ id: String(answer.headers['x-request-id']), status: answer.statusCode ?? 0 }));
      },
    );
    request.on('error', reject);
    request.end();
  });
}
