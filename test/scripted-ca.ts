// A CA of the tests' own (RFC 8555 over HTTPS): it issues at once to whoever asks, unless the script says otherwise, and keeps what it was asked.

import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { readElement, readElements } from '../src/base/der-reader.ts';
import { keyPem, newKey, writeAuthority, writeLeaf } from '../src/tls/certificate-writer.ts';

/** A request: its path without the number at the end, and what the signed payload says. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** An answer in place of the CA's own. A body that is no text is sent as JSON. */
export interface Scripted {
  readonly status?: number;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The CA. */
export interface ScriptedCa {
  readonly directory: string;
  readonly roots: string;
  readonly asked: Asked[];
  /** Says what to answer, or null for what a good CA answers. */
  script: (asked: Asked) => Scripted | null;
  /** What its clock says, which is in the Date of every answer and in certificates. */
  now: () => number;
  /** Begin and end of certificates from the clock, in ms. */
  life: { readonly from: number; readonly to: number };
  /** Goes over the directory. */
  more: object;
  /** How often it was asked for an order. */
  readonly orders: number;
}

/** An ACME problem document. */
export function refusal(type: string, status: number, fields: Readonly<Record<string, string>> = {}): Scripted {
  return { status, fields, body: { type: `urn:ietf:params:acme:error:${type}`, detail: `the script says ${type}` } };
}

/** Starts one; it ends after the test. */
export async function scriptedCa(context: TestContext): Promise<ScriptedCa> {
  const [authorityKey, key] = [newKey(), newKey()];
  const real = { notBefore: Date.now() - 86_400_000, notAfter: Date.now() + 86_400_000 };
  const signer = { commonName: 'Scripted CA', key: authorityKey };
  const root = writeAuthority({ commonName: 'Scripted CA', ...real }, authorityKey);
  const cert = writeLeaf({ commonName: 'ca', ...real }, ['127.0.0.1'], key, signer);
  const orders: { names: string[]; chain: string }[] = [];
  let nonces = 0;
  const server = createServer({ cert, key: keyPem(key) }, (request, response) => void serve(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const base = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ca: ScriptedCa = {
    directory: `${base}/dir`,
    roots: root,
    asked: [],
    script: () => null,
    now: Date.now,
    life: { from: -60_000, to: 90 * 86_400_000 },
    more: {},
    get orders() {
      return this.asked.filter(({ path }) => path === '/new-order').length;
    },
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const [, path = '', number = ''] = /^(\/[a-z-]+)\/?(.*)$/.exec(request.url ?? '') ?? [];
    const asked = { method: request.method ?? '', path, payload: payloadOf(Buffer.concat(pieces).toString('utf8')) };
    ca.asked.push(asked);
    response.setHeader('Date', new Date(ca.now()).toUTCString());
    if (path !== '/dir') response.setHeader('Replay-Nonce', `nonce-${++nonces}`);
    const { status = 200, fields = {}, body = '' } = ca.script(asked) ?? own(asked, Number(number));
    for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  function own({ path, payload }: Asked, number: number): Scripted {
    switch (path) {
      case '/dir': {
        const words = { newNonce: 'new-nonce', newAccount: 'new-account', newOrder: 'new-order', revokeCert: 'revoke' };
        const addresses = Object.entries(words).map(([name, word]) => [name, `${base}/${word}`]);
        return { body: { ...Object.fromEntries(addresses), ...ca.more } };
      }
      case '/new-account':
        return { status: 201, fields: { Location: `${base}/account/1` }, body: { status: 'valid' } };
      case '/new-order': {
        const names = (payload.identifiers as { value: string }[]).map(({ value }) => value);
        orders.push({ names, chain: '' });
        const at = orders.length - 1;
        return { status: 201, fields: { Location: `${base}/order/${at}` }, body: orderOf(at) };
      }
      case '/finalize':
        orders[number]!.chain = certify(orders[number]!.names, String(payload.csr));
        return { body: orderOf(number) };
      case '/order':
        return orders[number] === undefined ? refusal('malformed', 404) : { body: orderOf(number) };
      case '/certificate':
        return { body: orders[number]!.chain };
      default:
        return {};
    }
  }

  /** Proven as it is: what a proof is, Pebble's tests show. */
  function orderOf(at: number): object {
    const { names, chain } = orders[at]!;
    const identifiers = names.map((value) => ({ type: 'dns', value }));
    const more = chain === '' ? {} : { certificate: `${base}/certificate/${at}` };
    const status = chain === '' ? 'ready' : 'valid';
    return { status, identifiers, authorizations: [], finalize: `${base}/finalize/${at}`, ...more };
  }

  function certify(names: readonly string[], csr: string): string {
    const der = Buffer.from(csr, 'base64url');
    const whole = readElement(der, 0)!;
    const inner = readElement(der, whole.from)!;
    // version, subject, subjectPKInfo (RFC 2986 4.1)
    const [, subject, info] = readElements(der, inner.from, inner.to)!;
    const spki = createPublicKey({ key: der.subarray(subject!.to, info!.to), format: 'der', type: 'spki' });
    const dates = { notBefore: ca.now() + ca.life.from, notAfter: ca.now() + ca.life.to };
    return `${writeLeaf({ commonName: names[0]!, ...dates }, names, spki, signer)}${root}`;
  }

  return ca;
}

/** What a JWS says, or nothing. */
function payloadOf(body: string): Readonly<Record<string, unknown>> {
  if (body === '') return {};
  const { payload } = JSON.parse(body) as { payload: string };
  return payload === ''
    ? {}
    : (JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as object as Asked['payload']);
}
