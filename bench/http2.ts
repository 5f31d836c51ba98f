// `node bench/http2.ts [--json]`: HTTP/2 over TLS 1.3, 10 streams a connection: the gate's CPU per request beside nginx's and Caddy's,
// in one run. BENCH_REQUESTS (60000) is the length of one measurement, BENCH_ROUNDS (3) how often each is repeated, turn by turn.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { writeCertificate } from './certificate.ts';
import { median } from './load.ts';
import { type CertificateFiles, gateCommand, loadCore, serverCore, startGateProxy, startUpstream } from './peers.ts';
import { findProgram, freePort, Missing, pinned, requirePrograms, type Serving, serve } from './processes.ts';

/** What issue 3 asks of the gate: CPU per request against these. */
const targets = [
  { against: 'nginx', atMost: 1.8 },
  { against: 'Caddy', atMost: 1 },
] as const;
const connections = 6;
const streams = 10;

/** nginx with HTTP/2 to clients, one worker, keep-alive to the upstream, the same forwarding fields. */
async function startNginx(folder: string, upstream: number, { certificate, key }: CertificateFiles): Promise<Serving> {
  const port = await freePort();
  const place = join(folder, 'nginx-h2');
  mkdirSync(place);
  const file = join(place, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 4096; }
http {
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_timeout 3600s; keepalive_requests 1000000000; tcp_nodelay on; server_tokens off; access_log off;
  upstream app { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 1000000000; keepalive_time 24h; }
  server {
    listen 127.0.0.1:${port} ssl http2;
    ssl_certificate ${certificate}; ssl_certificate_key ${key}; ssl_protocols TLSv1.3; ssl_session_cache off;
    location / {
      proxy_pass http://app;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`,
  );
  return serve(pinned(serverCore, [findProgram('nginx') ?? 'nginx', '-p', place, '-c', file]), port);
}

/** Caddy, which speaks HTTP/2 by itself, on one core. */
async function startCaddy(folder: string, upstream: number, { certificate, key }: CertificateFiles): Promise<Serving> {
  const port = await freePort();
  const place = join(folder, 'caddy-h2');
  mkdirSync(place);
  const file = join(place, 'Caddyfile');
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
  storage file_system ${place}
}
https://127.0.0.1:${port} {
  bind 127.0.0.1
  tls ${certificate} ${key} {
    protocols tls1.3
  }
  reverse_proxy 127.0.0.1:${upstream} {
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
  );
  const words = [findProgram('caddy') ?? 'caddy', 'run', '--adapter', 'caddyfile', '--config', file];
  return serve(pinned(serverCore, words), port);
}

/** One run of h2load: CPU µs per answered request. Every request must be answered with 2xx. */
async function measure(server: Serving, requests: number): Promise<number> {
  const url = `https://127.0.0.1:${server.port}/`;
  const load = ['h2load', '-n', String(requests), '-c', String(connections), '-m', String(streams), url];
  const [program, ...rest] = pinned(loadCore, load);
  const before = server.cpuNs();
  const { stdout } = await promisify(execFile)(program!, rest, { maxBuffer: 1 << 24 });
  const spentNs = server.cpuNs() - before;
  const succeeded = Number(/status codes: (\d+) 2xx/.exec(stdout)?.[1] ?? 0);
  if (succeeded !== requests || !stdout.includes('Application protocol: h2'))
    throw new Error(`${succeeded} of ${requests} requests were answered over HTTP/2:\n${stdout}`);
  return spentNs / 1000 / succeeded;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
  requirePrograms({ nginx: 'nginx-light', h2load: 'nghttp2-client', caddy: 'caddy', openssl: 'openssl' });
  const requests = Number(process.env.BENCH_REQUESTS ?? 60_000);
  const rounds = Number(process.env.BENCH_ROUNDS ?? 3);
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-h2-'));
  const running: { name: string; server: Serving; cpuUs: number[] }[] = [];
  try {
    const upstream = await startUpstream(folder);
    running.push({ name: 'upstream', server: upstream, cpuUs: [] });
    const certificate = writeCertificate(folder);
    const gate = { tls: certificate, waf: 'off' } as const;
    const start = async (name: string, server: Promise<Serving>): Promise<void> => {
      running.push({ name, server: await server, cpuUs: [] });
    };
    await start('nginx', startNginx(folder, upstream.port, certificate));
    await start('Caddy', startCaddy(folder, upstream.port, certificate));
    await start('portcullis', startGateProxy(folder, gateCommand(undefined), upstream.port, gate));
    const measured = running.slice(1);
    for (const { server } of measured) await measure(server, Math.ceil(requests / 3));
    for (let round = 0; round < rounds; round++)
      for (const { server, cpuUs } of measured) cpuUs.push(await measure(server, requests));
    return report(measured, values.json === true, requests, rounds);
  } finally {
    for (const { server } of running) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function report(
  measured: readonly { name: string; cpuUs: number[] }[],
  isJson: boolean,
  requests: number,
  rounds: number,
): number {
  const rows = measured.map(({ name, cpuUs }) => ({ server: name, cpuUs: median(cpuUs), all: cpuUs }));
  const own = rows.at(-1)!.cpuUs;
  const judged = targets.map(({ against, atMost }) => {
    const ratio = own / rows.find(({ server }) => server === against)!.cpuUs;
    return { against, atMost, ratio, met: ratio <= atMost };
  });
  if (isJson) process.stdout.write(`${JSON.stringify({ requests, rounds, rows, judged }, null, 2)}\n`);
  else {
    process.stdout.write(`http2: TLS 1.3, ${connections} connections of ${streams} streams, 1 KB answers, WAF off\n`);
    for (const { server, cpuUs, all } of rows)
      process.stdout.write(
        `  ${server.padEnd(12)} ${cpuUs.toFixed(1).padStart(7)} µs of CPU a request   (${all.map((one) => one.toFixed(1)).join(', ')})\n`,
      );
    for (const { against, atMost, ratio, met } of judged)
      process.stdout.write(
        `  ${ratio.toFixed(2)} × ${against}; target at most ${atMost} ×: ${met ? 'met' : 'MISSED'}\n`,
      );
  }
  return judged.every(({ met }) => met) ? 0 : 1;
}

if (import.meta.main)
  process.exitCode = await main().catch((error: unknown) => {
    if (!(error instanceof Missing)) throw error;
    process.stderr.write(`${error.message}\n`);
    return 1;
  });
