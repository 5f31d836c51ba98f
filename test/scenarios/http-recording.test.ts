// The law of a gate, held against the bytes themselves: whoever reads what the upstream was sent, however forgiving, sees the
// requests that the gate saw, each once, with the same end. The upstream only records; 200 readers look at the record afterwards.

import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { groups } from '../agree/cases/cases.ts';
import { chanceFrom, generate } from '../agree/generate.ts';
import { panel, type Quirks, readLeniently, strict } from '../agree/lenient.ts';
import { bytesOf, readAll } from '../http-reading.ts';
import { listening, ok, type Standing, stand } from './world.ts';

const minCases = 600;
const generatedCount = 400;
const seed = 11;
const atOnce = 32;

test('nobody who reads what the upstream was sent sees a request that the gate did not see', async (t) => {
  const rows = groups.flatMap(({ rule, cases }) => cases.map(([, bytes]) => ({ rule, bytes })));
  assert.ok(rows.length >= minCases, `${rows.length} cases`);
  for (const { rule } of rows) assert.match(rule, /^RFC \d+ [\d.]+/, 'each case names its sentence');
  const chance = chanceFrom(seed);
  const streams = [
    ...rows.map(({ bytes }) => bytes),
    ...Array.from({ length: generatedCount }, () => generate(chance)),
  ];
  const records: string[] = [];
  const server = createServer({ noDelay: true }, (socket) => record(socket, records));
  const port = await listening(server);
  const world = await stand(t, port, { waf: { mode: 'off' }, max_journeys: 10_000, proxy: { client_close: 'finish' } });
  for (let from = 0; from < streams.length; from += atOnce)
    await Promise.all(streams.slice(from, from + atOnce).map((bytes, index) => play(world, bytes, index)));
  const journal = await world.stopAndReadJournal();
  await new Promise((resolve) => server.close(resolve));

  const told = new Set(journal.map(({ id }) => id));
  const seen = new Set<string>();
  let count = 0;
  for (const bytes of records) {
    const { requests, rest } = readLeniently(bytes, strict);
    for (const { line, fields } of requests) {
      const ids = fields.filter(([name]) => name === 'x-request-id').map(([, value]) => value);
      assert.equal(ids.length, 1, line);
      assert.ok(told.has(ids[0]!), `no journey tells of ${line}`);
      assert.ok(!seen.has(ids[0]!), `${line} came twice`);
      seen.add(ids[0]!);
      count++;
    }
    for (const quirks of readers)
      assertSame(
        bytes,
        requests.map(({ end }) => end),
        rest,
        quirks,
      );
  }
  const whole = streams.map((bytes) => readAll([bytesOf(bytes)]).messages.filter((message) => message.whole).length);
  assert.equal(
    count,
    whole.reduce((sum, one) => sum + one, 0),
    'every whole request arrived, and no other',
  );
  t.diagnostic(
    `${streams.length} streams, ${count} requests on ${records.length} connections, ${readers.length} readers`,
  );
});

const readers = panel();

function assertSame(bytes: string, ends: readonly number[], rest: string, quirks: Quirks): void {
  const theirs = readLeniently(bytes, quirks);
  const about = `${JSON.stringify(quirks)}\n${JSON.stringify(bytes.slice(0, 2000))}`;
  // What was broken off has no end yet; a forgiving reader may not see one there either.
  assert.deepEqual(
    theirs.requests.map(({ end }) => end),
    ends,
    about,
  );
  assert.equal(theirs.rest, rest, about);
}

/** Keeps every byte, and answers each whole request. */
function record(socket: Socket, records: string[]): void {
  const index = records.push('') - 1;
  let answered = 0;
  socket.on('data', (piece: Buffer) => {
    records[index] += piece.toString('latin1');
    const { requests } = readLeniently(records[index]!, strict);
    for (; answered < requests.length; answered++) {
      const isHead = requests[answered]!.line.startsWith('HEAD ');
      socket.write(isHead ? 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n' : ok('x'), 'latin1');
    }
  });
  socket.on('error', () => {});
}

/** Sends a stream, some whole and some in two writes, and waits until the gate has nothing more to say. */
async function play(world: Standing, bytes: string, index: number): Promise<void> {
  const wire = await world.client();
  const cut = index % 2 === 0 ? 0 : bytes.length >> 1;
  if (cut > 0) wire.socket.write(bytes.slice(0, cut), 'latin1');
  wire.socket.end(bytes.slice(cut), 'latin1');
  await wire.ended();
  wire.socket.destroy();
}
