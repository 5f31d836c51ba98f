// Notices that all clients seem to be one: a proxy stands before the gate and nobody told the gate of it.

import { type Cidr, CidrSet, parseCidr } from '../base/cidr.ts';
import type { Headers } from '../traffic/headers.ts';
import { claimedClient } from './client.ts';

/** Requests that are looked at before anything is concluded, and how many of them must agree. */
const window = 64;
const enough = 48;
/** Different clients that the proxy must have spoken of. */
const severalClients = 3;
/** Once something was concluded, one request of so many is looked at. */
const sampled = 8;

/** Where proxies of one's own stand: this machine and networks that the internet does not route (RFC 1918, 3927, 4193, 4291, 6598). */
const privateNetworks = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

/**
 * Counts, among the latest requests, those of the peer that sends most and those that speak of somebody behind it. Where both
 * are nearly all, and several clients are spoken of, that peer *stands for many*: limits and bans by client would hit everybody
 * at once, so they rest for it until the settings trust it or the traffic changes.
 *
 * Only an address from a private network or this machine is spared: whoever floods from a public address could claim to be a
 * proxy too, by a header that anybody can write. For a public address there is the warning alone.
 */
export class ClientGuard {
  readonly #private = new CidrSet(privateNetworks.flatMap(cidrOf));
  readonly #warn: (says: string) => void;
  #warned = '';
  #shared = '';
  #stride = 1;
  #skipped = 0;
  #seen = 0;
  /** The peer that most of the window's requests came from, by majority vote (Boyer and Moore). */
  #candidate = '';
  #votes = 0;
  #ofCandidate = 0;
  #forwarded = 0;
  #clients: string[] = [];

  /** `warn` hears one sentence for each peer that comes to stand for many. */
  constructor(warn: (says: string) => void) {
    this.#warn = warn;
  }

  /** Counts one request of a peer whose forwarding headers are not believed, and says whether that peer stands for many. */
  judge(peer: string, headers: Headers): boolean {
    if (++this.#skipped >= this.#stride) this.#look(peer, headers);
    return this.isShared(peer);
  }

  /** Whether a peer stands for many, without counting. */
  isShared(peer: string): boolean {
    return this.#shared !== '' && this.#shared === peer;
  }

  /** Begins anew: the settings have changed, and who is trusted with them. */
  reset(): void {
    this.#shared = '';
    this.#stride = 1;
    this.#begin();
  }

  #look(peer: string, headers: Headers): void {
    this.#skipped = 0;
    if (this.#votes === 0 && peer !== this.#candidate) {
      this.#forget();
      this.#candidate = peer;
    }
    const isCandidate = peer === this.#candidate;
    this.#votes += isCandidate ? 1 : -1;
    if (isCandidate) {
      this.#ofCandidate++;
      const spokenOf = claimedClient(headers);
      if (spokenOf !== '') this.#hearOf(spokenOf.slice(0, 128));
    }
    if (++this.#seen >= window) this.#conclude();
  }

  #hearOf(client: string): void {
    this.#forwarded++;
    if (this.#clients.length < severalClients && !this.#clients.includes(client)) this.#clients.push(client);
  }

  #conclude(): void {
    const peer = this.#candidate;
    const standsForMany =
      this.#ofCandidate >= enough && this.#forwarded >= enough && this.#clients.length >= severalClients;
    this.#shared = standsForMany && this.#private.has(peer) ? peer : '';
    if (standsForMany && this.#warned !== peer) {
      this.#warned = peer;
      this.#warn(sentence(peer, this.#shared !== ''));
    }
    this.#stride = sampled;
    this.#begin();
  }

  #begin(): void {
    this.#seen = 0;
    this.#votes = 0;
    this.#candidate = '';
    this.#forget();
  }

  #forget(): void {
    this.#ofCandidate = 0;
    this.#forwarded = 0;
    this.#clients = [];
  }
}

function sentence(peer: string, isSpared: boolean): string {
  const what = `nearly all requests come from ${peer}, which speaks of clients behind it, and nobody trusts it`;
  const effect = isSpared
    ? 'limits and bans by client rest for it'
    : 'limits and bans by client hit all of them together, because an address outside private networks is not spared on its own word';
  return `${what}: ${effect}; if that is your proxy, write trusted_proxies: [${peer}]`;
}

function cidrOf(text: string): Cidr[] {
  const parsed = parseCidr(text);
  return parsed.ok ? [parsed.value] : [];
}
