// What is made of the rows of the connection table: those that a filter means, and one row a client.

import { addressOf } from '../format.ts';
import type { ConnectionRow } from '../shapes.ts';

/** The connections of one client address together. */
export interface Client {
  readonly address: string;
  readonly connections: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Rows that have every word of the filter somewhere. */
export function matching(rows: readonly ConnectionRow[], filter: string): readonly ConnectionRow[] {
  const words = filter
    .toLowerCase()
    .split(' ')
    .filter((word) => word !== '');
  if (words.length === 0) return rows;
  return rows.filter(({ from, to, listener, rule, stage, tls }) => {
    const text = `${from}\n${to}\n${listener}\n${rule}\n${stage}\n${tls}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** One row a client, the one with the most connections first. */
export function clientsOf(rows: readonly ConnectionRow[]): Client[] {
  const clients = new Map<
    string,
    { address: string; connections: number; requests: number; bytesIn: number; bytesOut: number }
  >();
  for (const { from, requests, bytesIn, bytesOut } of rows) {
    const address = addressOf(from);
    const client = clients.get(address);
    if (client === undefined) clients.set(address, { address, connections: 1, requests, bytesIn, bytesOut });
    else {
      client.connections++;
      client.requests += requests;
      client.bytesIn += bytesIn;
      client.bytesOut += bytesOut;
    }
  }
  return [...clients.values()].sort((one, other) => other.connections - one.connections);
}
