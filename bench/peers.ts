// The servers that are measured: nginx as upstream, nginx, HAProxy and Caddy as reverse proxies, and the gate; all on loopback.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, freePort, pinned, type Serving, serve } from './processes.ts';

/** Which core serves, and which carries the load and the upstream, so that neither disturbs the other. */
export const serverCore = 0;
export const loadCore = 1;

/** Files of a certificate that every server in the run uses. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** How the gate is started: `{config}` stands for the configuration file. */
export type GateCommand = readonly string[];

/** The cheapest upstream there is: nginx answering 1 KB from its configuration, on the load's core. */
export async function startUpstream(folder: string): Promise<Serving> {
  const port = await freePort();
  const body = 'x'.repeat(1024);
  return startNginx(
    join(folder, 'upstream'),
    loadCore,
    port,
    `server {
      listen 127.0.0.1:${port}; access_log off; client_max_body_size 0; root ${folder};
      location / { default_type text/plain; return 200 "${body}"; }
      location = /large { sendfile on; }
    }`,
  );
}

/** nginx as a reverse proxy before `upstream`, one worker, keep-alive on both sides. */
export async function startNginxProxy(
  folder: string,
  upstream: number,
  options: { tls: CertificateFiles | null; accessLog: boolean },
): Promise<Serving> {
  const port = await freePort();
  const name = `nginx${options.tls === null ? '' : '-tls'}${options.accessLog ? '-log' : ''}`;
  const tls =
    options.tls === null
      ? ''
      : `ssl_certificate ${options.tls.certificate}; ssl_certificate_key ${options.tls.key}; ssl_protocols TLSv1.3; ssl_session_cache off;`;
  return startNginx(
    join(folder, name),
    serverCore,
    port,
    `upstream app { server 127.0.0.1:${upstream}; keepalive 64; keepalive_requests 1000000000; keepalive_time 24h; }
    server {
      listen 127.0.0.1:${port}${options.tls === null ? '' : ' ssl'};
      ${tls}
      access_log ${options.accessLog ? 'access.log combined' : 'off'};
      location / {
        proxy_pass http://app;
        proxy_http_version 1.1;
        proxy_request_buffering off;
        proxy_max_temp_file_size 0;
        client_max_body_size 0;
        proxy_set_header Connection "";
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_set_header X-Request-Id $request_id;
      }
    }`,
  );
}

/** HAProxy as a reverse proxy before `upstream`, one thread, the same forwarding fields. */
export async function startHaproxy(
  folder: string,
  upstream: number,
  certificate: CertificateFiles | null,
): Promise<Serving> {
  const port = await freePort();
  const place = join(folder, `haproxy-${port}`);
  mkdirSync(place, { recursive: true });
  const pem = join(place, 'both.pem');
  if (certificate !== null)
    writeFileSync(pem, readFileSync(certificate.certificate, 'utf8') + readFileSync(certificate.key, 'utf8'));
  const tls = certificate === null ? '' : ` ssl crt ${pem} ssl-min-ver TLSv1.3`;
  const file = join(place, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 4000
defaults
  mode http
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  http-reuse always
frontend in
  bind 127.0.0.1:${port}${tls}
  unique-id-format %[uuid()]
  unique-id-header X-Request-Id
  option forwardfor
  http-request set-header X-Forwarded-Proto %[ssl_fc,iif(https,http)]
  default_backend app
backend app
  server one 127.0.0.1:${upstream} pool-max-conn 256
`,
  );
  return serve(pinned(serverCore, [findProgram('haproxy') ?? 'haproxy', '-db', '-f', file]), port);
}

/** Caddy as a reverse proxy before `upstream`, on one core; it sets the forwarding fields by itself. */
export async function startCaddy(
  folder: string,
  upstream: number,
  certificate: CertificateFiles | null,
): Promise<Serving> {
  const port = await freePort();
  const place = join(folder, `caddy-${port}`);
  mkdirSync(place, { recursive: true });
  const file = join(place, 'Caddyfile');
  const tls =
    certificate === null ? '' : `tls ${certificate.certificate} ${certificate.key} {\n    protocols tls1.3\n  }`;
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
  storage file_system ${place}
}
${certificate === null ? 'http' : 'https'}://127.0.0.1:${port} {
  bind 127.0.0.1
  ${tls}
  reverse_proxy 127.0.0.1:${upstream} {
    transport http {
      keepalive_idle_conns_per_host 256
    }
  }
}
`,
  );
  const caddy = findProgram('caddy') ?? 'caddy';
  return serve(pinned(serverCore, [caddy, 'run', '--adapter', 'caddyfile', '--config', file]), port);
}

/** A TLS server of Node with nothing in it: what any gate that is written in Node pays, and the work of a proxy comes on top. */
export async function startBareTls(certificate: CertificateFiles): Promise<Serving> {
  const port = await freePort();
  const words = [process.execPath, join(import.meta.dirname, 'bare-tls.ts'), String(port), JSON.stringify(certificate)];
  return serve(pinned(serverCore, words), port);
}

/** What a measurement varies in the gate. `limits` are added to those that must not bite. */
export interface GateOptions {
  readonly tls: CertificateFiles | null;
  readonly waf: 'block' | 'off';
  readonly limits?: Readonly<Record<string, unknown>>;
  /** Worker processes; 1 where nothing is said. */
  readonly workers?: number;
  /** Further words of the configuration. */
  readonly words?: Readonly<Record<string, unknown>>;
}

/** The gate before `upstream`, one worker, everything off that nginx does not do either; journeys stay on. */
export async function startGateProxy(
  folder: string,
  command: GateCommand,
  upstream: number,
  options: GateOptions,
): Promise<Serving & { readonly dataDirectory: string }> {
  const port = await freePort();
  const dataDirectory = join(folder, `gate-${port}`);
  mkdirSync(dataDirectory, { recursive: true });
  const config = join(dataDirectory, 'portcullis.yaml');
  writeFileSync(config, JSON.stringify(gateConfiguration(dataDirectory, port, upstream, options), null, 2));
  const words = command.map((word) => word.replace('{config}', config));
  return { ...(await serve(pinned(serverCore, words), port)), dataDirectory };
}

/** The configuration of the gate in a measurement, in the words of `portcullis.yaml` (JSON is YAML). */
export function gateConfiguration(
  dataDirectory: string,
  port: number,
  upstream: number,
  options: GateOptions,
): Record<string, unknown> {
  return {
    data_directory: dataDirectory,
    listen: [{ address: '127.0.0.1', port, ...(options.tls === null ? {} : { tls: true }) }],
    firewall: { rules: ['allow tcp all from any'] },
    ...(options.tls === null ? {} : { tls: { certificates: [options.tls] } }),
    sites: [{ host: '*', to: [`127.0.0.1:${upstream}`], waf: { mode: options.waf } }],
    rates: [],
    // One core for each server that is measured, unless it is said otherwise.
    workers: options.workers ?? 1,
    ...options.words,
    limits: {
      max_connections_per_client: 200_000,
      max_new_connections_per_client_per_second: 100_000,
      max_handshakes_per_client_per_second: 100_000,
      max_requests_per_connection: 1_000_000_000,
      ...options.limits,
    },
  };
}

/** How the gate is started unless an argument says otherwise. */
export function gateCommand(words: string | undefined): GateCommand {
  if (words !== undefined) return words.split(' ');
  return [process.execPath, portcullis, 'run', '--config', '{config}'];
}

/** The command itself. */
export const portcullis = join(import.meta.dirname, '../bin/portcullis');

async function startNginx(folder: string, core: number, port: number, http: string): Promise<Serving> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 16384; }
http {
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  keepalive_timeout 3600s; keepalive_requests 1000000000; tcp_nodelay on; server_tokens off;
  ${http}
}
`,
  );
  const nginx = findProgram('nginx') ?? 'nginx';
  return serve(pinned(core, [nginx, '-p', folder, '-c', file]), port);
}
