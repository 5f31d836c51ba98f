// What an ACME account signs with its key: JSON web signatures with ES256 (RFC 7515, RFC 8555 6.2), thumbprints, key authorisations.

import { createHash, createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A signed request body, to be sent as JSON. */
export interface Jws {
  readonly protected: string;
  readonly payload: string;
  readonly signature: string;
}

/** The public half of an account key, its members in the order that a thumbprint needs (RFC 7638 3.2). */
export interface Jwk {
  readonly crv: string;
  readonly kty: string;
  readonly x: string;
  readonly y: string;
}

/** A key that the CA gave to bind an account of ours to one of its customers (RFC 8555 7.3.4). `macKey` is base64url. */
export interface ExternalBinding {
  readonly kid: string;
  readonly macKey: string;
}

/** A new account key, on P-256. */
export function newAccountKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

/** The public half of a P-256 key. */
export function jwkOf(key: KeyObject): Jwk {
  const { crv = '', kty = '', x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' });
  return { crv, kty, x, y };
}

/** Signs a payload; `null` is the empty payload of POST-as-GET (RFC 8555 6.3). */
export function signJws(key: KeyObject, head: Readonly<Record<string, unknown>>, payload: object | null): Jws {
  const protectedHead = encode(JSON.stringify({ alg: 'ES256', ...head }));
  const body = payload === null ? '' : encode(JSON.stringify(payload));
  const signed = Buffer.from(`${protectedHead}.${body}`, 'latin1');
  const signature = sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' });
  return { protected: protectedHead, payload: body, signature: signature.toString('base64url') };
}

/** The binding of an account key, signed with the key that the CA gave (HS256). */
export function bindAccount({ kid, macKey }: ExternalBinding, url: string, key: KeyObject): Jws {
  const head = encode(JSON.stringify({ alg: 'HS256', kid, url }));
  const payload = encode(JSON.stringify(jwkOf(key)));
  const mac = createHmac('sha256', Buffer.from(macKey, 'base64url')).update(`${head}.${payload}`);
  return { protected: head, payload, signature: mac.digest('base64url') };
}

/** Token and thumbprint of the account key, which proves that who answers knows the account (RFC 8555 8.1). */
export function keyAuthorization(token: string, key: KeyObject): string {
  const thumbprint = createHash('sha256')
    .update(JSON.stringify(jwkOf(key)))
    .digest('base64url');
  return `${token}.${thumbprint}`;
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
