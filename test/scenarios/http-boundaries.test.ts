// The law of a gate: the upstream never sees a request that the gate did not see, nor one of other bytes, whatever a client sends.

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, METHODS, type ServerResponse } from 'node:http';
import { test } from 'node:test';
import { groups } from '../agree/cases/cases.ts';
import { chanceFrom, generate } from '../agree/generate.ts';
import { bytesOf, type Message, readAll } from '../http-reading.ts';
import { listening, type Standing, stand } from './world.ts';

const generatedCount = 600;
const seed = 7;
const atOnce = 32;

/** What the upstream saw of one request that came whole. */
interface Seen {
  readonly id: string;
  readonly request: string;
}

test('what the upstream sees is what the gate read: each request once, in the journal, with its own bytes', async (t) => {
  const chance = chanceFrom(seed);
  const handWritten = groups.flatMap(({ cases }) => cases.map(([, bytes]) => bytes));
  const generated = Array.from({ length: generatedCount }, () => generate(chance));
  // An upstream that does not know a method reads nothing behind it; which ones it knows is not what this is about.
  const isKnown = (bytes: string) => readAll([bytesOf(bytes)]).messages.every(({ method }) => METHODS.includes(method));
  const streams = [...handWritten, ...generated].filter(isKnown);
  const seen: Seen[] = [];
  const errors: string[] = [];
  const server = createServer(
    { maxHeaderSize: 65_536, requireHostHeader: false, shouldUpgradeCallback: () => false },
    (request, response) => hear(request, response, seen),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // The gate breaks off what its own client broke off.
    if (error.code !== 'ECONNRESET' && error.code !== 'HPE_INVALID_EOF_STATE') errors.push(error.code ?? error.message);
    socket.destroy();
  });
  const port = await listening(server);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const world = await stand(t, port, { waf: { mode: 'off' }, max_journeys: 10_000, proxy: { client_close: 'finish' } });
  for (let from = 0; from < streams.length; from += atOnce)
    await Promise.all(streams.slice(from, from + atOnce).map((bytes) => play(world, bytes)));
  const journal = await world.stopAndReadJournal();

  assert.deepEqual(errors, [], 'the upstream could read whatever it was sent');
  assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length, 'no request came twice');
  const told = new Map(journal.map((journey) => [journey.id, journey]));
  for (const { id, request } of seen) {
    const journey = told.get(id);
    assert.ok(journey?.request != null, `the upstream saw a request that no journey tells of: ${request}`);
    assert.ok(request.startsWith(`${journey.request.method} ${originForm(journey.request.target)} `), request);
  }
  const expected = streams.flatMap((bytes) =>
    readAll([bytesOf(bytes)])
      .messages.filter(({ whole }) => whole)
      .map(textOf),
  );
  assert.ok(expected.length > 600, `${expected.length} requests`);
  assert.deepEqual(seen.map(({ request }) => request).sort(), expected.sort());
});

function hear(request: IncomingMessage, response: ServerResponse, seen: Seen[]): void {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('error', () => {});
  request.on('end', () => {
    const id = String(request.headers['x-request-id']);
    const body = Buffer.concat(pieces).toString('latin1');
    seen.push({
      id,
      request: `${request.method} ${request.url} ${JSON.stringify(body)} ${JSON.stringify(request.rawTrailers)}`,
    });
    response.end('x');
  });
}

/** Sends a whole stream, ends, and waits until the gate has nothing more to say. */
async function play(world: Standing, bytes: string): Promise<void> {
  const wire = await world.client();
  wire.socket.end(bytes, 'latin1');
  await wire.ended();
  wire.socket.destroy();
}

function textOf({ method, target, body, trailers }: Message): string {
  return `${method} ${originForm(target)} ${JSON.stringify(body)} ${JSON.stringify(trailers.flat())}`;
}

/** The target as it goes to a server of its own (RFC 9112 3.2.1). */
function originForm(target: string): string {
  if (target.startsWith('/') || target === '*') return target;
  const rest = target.slice(target.indexOf('://') + 3);
  const from = rest.search(/[/?]/);
  if (from < 0) return '/';
  return rest[from] === '?' ? `/${rest.slice(from)}` : rest.slice(from);
}
