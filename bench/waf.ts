// What the WAF costs: CPU time of a request with the OWASP Core Rule Set, here and in nginx with libmodsecurity, the same rules, the same
// requests, one run.
//
//   node bench/waf.ts [DIRECTORY of the Core Rule Set]
//
// Each server runs twice, with and without its WAF; what the WAF costs is the difference. Values change with every request, so that nothing
// is found only because it was seen before.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gateCommand, gateConfiguration, serverCore, startUpstream } from './peers.ts';
import { findProgram, freePort, pinned, requirePrograms, type Serving, serve } from './processes.ts';

const module = '/usr/lib/nginx/modules/ngx_http_modsecurity_module.so';
const head =
  'Host: shop.example\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\nCookie: session=8f14e45fceea167a5a36dedd4bea2543; theme=dark\r\n';

/** The requests; `n` makes each one differ. */
const requests: Readonly<Record<string, (n: number) => string>> = {
  'GET, 3 arguments': (n) => `GET /products/list?page=${n}&sort=price&q=red+shoes+${n * 7} HTTP/1.1\r\n${head}\r\n`,
  'POST, 1 KB of JSON': (n) => post('application/json', jsonOf(n)),
  'POST, 4 KB form': (n) => post('application/x-www-form-urlencoded', formOf(n)),
  'GET, blocked': (n) => `GET /products?id=${n}%27+UNION+SELECT+password+FROM+users-- HTTP/1.1\r\n${head}\r\n`,
};

function post(type: string, body: string): string {
  return `POST /orders HTTP/1.1\r\n${head}Content-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

function jsonOf(n: number): string {
  const items = Array.from({ length: 12 }, (_, item) => ({
    sku: `SKU-${n + item}`,
    quantity: item + 1,
    title: `A fine product ${n}`,
  }));
  return JSON.stringify({ user: { name: `Ann ${n}`, email: `ann${n}@example.com`, city: 'Springfield' }, items });
}

function formOf(n: number): string {
  const fields = Array.from(
    { length: 40 },
    (_, field) =>
      `field${field}=${encodeURIComponent(`Ordinary text ${n} of a person, in field ${field}; with commas and (brackets).`)}`,
  );
  return fields
    .join('&')
    .slice(0, 4096)
    .replace(/%[0-9A-F]?$/, '');
}

/** CPU time of `count` requests one after the other on one connection, in µs a request. */
async function measure(server: Serving, request: (n: number) => string, count: number): Promise<number> {
  const ask = async (from: number, to: number): Promise<void> => {
    const open = (): net.Socket => {
      const made = net.connect({ host: '127.0.0.1', port: server.port, noDelay: true });
      return made.on('error', () => made.destroy());
    };
    let socket = open();
    for (let n = from; n < to; n++) {
      const isOpen = await exchange(socket, request(n));
      if (!isOpen && n + 1 < to) socket = open();
    }
    socket.destroy();
  };
  // Because what is compiled while it runs is at its speed after some thousand requests only, and a server runs for weeks.
  await ask(1_000_000, 1_000_000 + warmUp(count));
  const before = server.cpuNs();
  await ask(0, count);
  return (server.cpuNs() - before) / count / 1000;
}

function warmUp(count: number): number {
  return count < 1000 ? Math.ceil(count / 2) : count * 3;
}

/** Sends a request and waits for its answer; false where the connection ended with it. */
function exchange(socket: net.Socket, request: string): Promise<boolean> {
  return new Promise((resolve) => {
    let text = '';
    const end = (isOpen: boolean): void => {
      socket.off('data', read);
      socket.off('close', closed);
      resolve(isOpen);
    };
    const closed = (): void => end(false);
    const read = (piece: Buffer): void => {
      text += piece.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0);
      if (text.length >= headEnd + 4 + length && !/\r\nconnection: close/i.test(text)) end(true);
    };
    socket.on('data', read);
    socket.on('close', closed);
    socket.write(request, 'latin1');
  });
}

async function startGate(folder: string, upstream: number, waf: Readonly<Record<string, unknown>>): Promise<Serving> {
  const port = await freePort();
  const data = join(folder, `gate-${port}`);
  mkdirSync(data, { recursive: true });
  const config = join(data, 'portcullis.yaml');
  const words = gateConfiguration(data, port, upstream, { tls: null, waf: 'block' });
  const sites = [{ host: '*', to: [`127.0.0.1:${upstream}`] }];
  writeFileSync(config, JSON.stringify({ ...words, sites, waf }, null, 2));
  return serve(
    pinned(
      serverCore,
      gateCommand(undefined).map((word) => word.replace('{config}', config)),
    ),
    port,
  );
}

async function startNginx(folder: string, upstream: number, rules: string | null): Promise<Serving> {
  const port = await freePort();
  const place = join(folder, `nginx-${port}`);
  mkdirSync(place, { recursive: true });
  const file = join(place, 'nginx.conf');
  const waf = rules === null ? '' : `modsecurity on; modsecurity_rules_file ${rules};`;
  writeFileSync(
    file,
    `${rules === null ? '' : `load_module ${module};`} daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit; user root;
events { worker_connections 1024; }
http {
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_requests 1000000000; access_log off;
  upstream app { server 127.0.0.1:${upstream}; keepalive 16; }
  server { listen 127.0.0.1:${port}; ${waf} location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } }
}
`,
  );
  return serve(pinned(serverCore, [findProgram('nginx') ?? 'nginx', '-p', place, '-c', file]), port);
}

async function main(): Promise<void> {
  const crs = resolve(process.argv[2] ?? '../shared/crs-4.28.0');
  requirePrograms({ nginx: 'nginx-light' });
  const print = (line: string): boolean => process.stdout.write(`${line}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-waf-bench-'));
  const upstream = await startUpstream(folder);
  const servers: Serving[] = [upstream];
  try {
    const rules = join(folder, 'modsecurity.conf');
    writeFileSync(
      rules,
      `SecRuleEngine On\nSecRequestBodyAccess On\nSecResponseBodyAccess On\nSecAuditEngine Off\nSecRule REQUEST_HEADERS:Content-Type "^application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"\nInclude ${crs}/crs-setup.conf.example\nInclude ${crs}/rules/*.conf\n`,
    );
    const started = performance.now();
    const ours = [
      await startGate(folder, upstream.port, { mode: 'off' }),
      await startGate(folder, upstream.port, { mode: 'block', crs, paranoia: 1 }),
    ];
    print(`two gates were up after ${(performance.now() - started).toFixed(0)} ms`);
    const theirs = existsSync(module)
      ? [await startNginx(folder, upstream.port, null), await startNginx(folder, upstream.port, rules)]
      : [];
    servers.push(...ours, ...theirs);
    if (theirs.length === 0) print('no nginx with libmodsecurity: apt-get install libnginx-mod-http-modsecurity');
    for (const [name, request] of Object.entries(requests)) {
      const own = (await measure(ours[1]!, request, 3000)) - (await measure(ours[0]!, request, 3000));
      const other =
        theirs.length === 0 ? 0 : (await measure(theirs[1]!, request, 100)) - (await measure(theirs[0]!, request, 100));
      print(
        `${name.padEnd(20)} ${own.toFixed(0)} µs${other === 0 ? '' : `; nginx + libmodsecurity ${other.toFixed(0)} µs: ${(other / own).toFixed(0)} times as much`}`,
      );
    }
  } finally {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) await main();
