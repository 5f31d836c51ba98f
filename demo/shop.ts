// A small shop that is vulnerable on purpose, as a process of its own: what the gate is shown to protect.
// `node demo/shop.ts` listens on a free loopback port, says `{"ready":true,"port":N,"folder":"…"}`, and ends with its parent.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { commentsPage, frontPage, icon, type Product, page, rowsPage, warning } from './pages.ts';

/** A running shop, without its process. `folder` holds the public files and, beside them, a secret. */
export interface Shop {
  readonly server: Server;
  readonly folder: string;
  close(): void;
}

/** What the secret file says, so that a test can prove that it was read. */
export const secret = 'the key of the till is 4711';

const maxComments = 100;
const maxVisits = 1000;
const maxTargetShown = 2000;
const maxBodyBytes = 1024 * 1024;

const products: readonly Product[] = [
  { id: 1, name: 'Wool socks', price: 14.9, says: 'From sheep that had a name.' },
  { id: 2, name: 'Cotton socks', price: 7.5, says: 'For every day but Sunday.' },
  { id: 3, name: 'Odd socks', price: 3, says: 'Sold one at a time.' },
  { id: 4, name: 'Socks with holes', price: 0.5, says: 'As secure as this shop.' },
];

const firstComments = ['The wool ones are lovely.', "O'Brien says: select the union suit from the table."];

/** Opens the shop's till, files and server; the server does not listen yet. */
export function openShop(): Shop {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-shop-'));
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'files', 'prices.txt'), products.map(({ name, price }) => `${name}: ${price}\n`).join(''));
  writeFileSync(join(folder, 'secret.txt'), `${secret}\n`);
  const database = new DatabaseSync(':memory:');
  fill(database);
  const shop: Room = { database, comments: [...firstComments], visits: [], files: join(folder, 'files') };
  const server = createServer((request, response) => {
    serve(shop, request, response).catch((error: Error) => {
      if (!response.headersSent) send(response, 500, page('It broke', `<pre>${error.message}</pre>`));
      else response.destroy();
    });
  });
  return {
    server,
    folder,
    close: () => {
      server.close();
      server.closeAllConnections();
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Room {
  readonly database: DatabaseSync;
  readonly comments: string[];
  /** The last requests that came in, `GET /users?id=1`, so that everybody can see what a gate kept away. */
  readonly visits: string[];
  readonly files: string;
}

function fill(database: DatabaseSync): void {
  database.exec(`
    DROP TABLE IF EXISTS users; DROP TABLE IF EXISTS products;
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT, password TEXT);
    INSERT INTO users VALUES (1, 'Ada', 'ada@shop.example', 'lovelace'), (2, 'Grace', 'grace@shop.example', 'hopper'),
      (3, 'Seán O''Brien', 'sean@shop.example', 'dublin');
    CREATE TABLE products (id INTEGER PRIMARY KEY, name TEXT, price REAL, says TEXT);`);
  const insert = database.prepare('INSERT INTO products VALUES (?, ?, ?, ?)');
  for (const { id, name, price, says } of products) insert.run(id, name, price, says);
}

async function serve(shop: Room, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isFromHere(request))
    return send(response, 403, page('Not from there', '<p>Only this machine may shop here.</p>'));
  const target = request.url ?? '/';
  if (target === '/visits') return sendJson(response, 200, shop.visits);
  shop.visits.push(`${request.method} ${target.slice(0, maxTargetShown)}`);
  if (shop.visits.length > maxVisits) shop.visits.shift();
  const mark = target.indexOf('?');
  // Because URL would tidy `/files/../..` away, and a shop with holes takes what it gets.
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  if (path.startsWith('/files/')) return sendFile(shop, decodeURIComponent(path.slice('/files/'.length)), response);
  switch (path) {
    case '/':
      return send(response, 200, frontPage(products));
    case '/users':
      return sendRows(shop, 'Users', `SELECT id, name, email FROM users WHERE id = ${query.get('id') ?? 1}`, response);
    case '/search': {
      const like = `'%${query.get('q') ?? ''}%'`;
      return sendRows(shop, 'Found', `SELECT id, name, price FROM products WHERE name LIKE ${like}`, response);
    }
    case '/comment':
    case '/comments':
      return request.method === 'POST'
        ? takeComment(shop, request, response)
        : send(response, 200, commentsPage(shop.comments));
    case '/files':
      return sendFile(shop, query.get('name') ?? 'prices.txt', response);
    case '/ping':
      return ping(query.get('host') ?? 'localhost', response);
    case '/api/users':
      return sendJson(response, 200, shop.database.prepare('SELECT id, name, email FROM users').all());
    case '/slow':
      await new Promise((resolve) => setTimeout(resolve, Math.min(Number(query.get('ms')) || 2000, 30_000)));
      return sendJson(response, 200, { slow: true });
    case '/favicon.ico':
      return void response.writeHead(200, { 'content-type': 'image/svg+xml', 'x-warning': warning }).end(icon);
    case '/health':
      return sendJson(response, 200, { ok: true });
    case '/reset':
      fill(shop.database);
      shop.comments.splice(0, shop.comments.length, ...firstComments);
      return sendJson(response, 200, { reset: true });
    default:
      return send(response, 404, page('Not here', `<p>There is no ${path} in this shop.</p>`));
  }
}

/**
 * The one hole the shop does not have: a page on the web must not reach it through its owner's browser. It may be
 * asked by a loopback name only (DNS rebinding), and not by another site's page.
 */
function isFromHere(request: IncomingMessage): boolean {
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return false;
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || /^127\.[\d.]+$/.test(host);
}

/** HOLE: the statement is a string with the visitor's words in it, and every statement in it is run. */
function sendRows(shop: Room, title: string, sql: string, response: ServerResponse): void {
  try {
    const rows = shop.database.prepare(sql).all();
    // Because `prepare` reads the first statement only, where many drivers run them all.
    shop.database.exec(sql);
    send(response, 200, rowsPage(title, sql, rows));
  } catch (error) {
    send(response, 500, page('The database says', `<p>${(error as Error).message}</p><p><code>${sql}</code></p>`));
  }
}

/** HOLE: the comment is kept and shown as it came. */
async function takeComment(shop: Room, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const isJson = (request.headers['content-type'] ?? '').includes('json');
  const text = isJson ? String(JSON.parse(body).text) : (new URLSearchParams(body).get('text') ?? '');
  shop.comments.push(text);
  if (shop.comments.length > maxComments) shop.comments.shift();
  if (isJson) return sendJson(response, 201, { said: text });
  response.writeHead(303, { location: '/comments', 'x-warning': warning }).end();
}

/** HOLE: the name may climb out of the folder. */
function sendFile(shop: Room, name: string, response: ServerResponse): void {
  try {
    const bytes = readFileSync(join(shop.files, name));
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'x-warning': warning }).end(bytes);
  } catch (error) {
    send(response, 404, page('No such file', `<p>${(error as Error).message}</p>`));
  }
}

/** HOLE: the host is part of a line that a shell reads. */
function ping(host: string, response: ServerResponse): void {
  execFile('sh', ['-c', `echo pong from ${host}`], { timeout: 5000, maxBuffer: 65536 }, (_error, stdout, stderr) => {
    send(response, 200, page('Ping', `<pre>${stdout}${stderr}</pre>`));
  });
}

function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'x-warning': warning }).end(html);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-warning': warning }).end(JSON.stringify(value));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request) {
    bytes += piece.length;
    if (bytes > maxBodyBytes) throw new Error('that is too long a comment');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

if (import.meta.main) {
  const shop = openShop();
  shop.server.listen(0, '127.0.0.1', () => {
    const { port } = shop.server.address() as AddressInfo;
    process.stdout.write(`${JSON.stringify({ ready: true, port, folder: shop.folder })}\n`);
  });
  const leave = () => {
    shop.close();
    process.exit(0);
  };
  process.stdin.resume().once('end', leave).once('error', leave);
  process.once('SIGTERM', leave);
  // Because Ctrl-C reaches the whole terminal group, and the gate still drains requests to the shop.
  process.on('SIGINT', () => {});
}
