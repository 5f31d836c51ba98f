// Two readers of one stream: whatever ours accepts, llhttp (node:http, strict) accepts and reads the same, to the last byte.

import assert from 'node:assert/strict';
import { METHODS } from 'node:http';
import { after, before, test } from 'node:test';
import { bytesOf, type Message, type Reading, readAll } from '../http-reading.ts';
import { groups } from './cases/cases.ts';
import { chanceFrom, generate } from './generate.ts';
import { type ForeignReading, Llhttp } from './llhttp.ts';

const minHandWritten = 300;
const generatedCount = 5000;
const atOnce = 64;
const seed = 20_261_123;

let llhttp: Llhttp;
before(async () => {
  llhttp = await Llhttp.open();
});
after(() => llhttp.close());

test('each hand-written case is made what it says, and llhttp agrees with what we accept', async (t) => {
  const rows = groups.flatMap(({ rule, cases }) => cases.map(([made, bytes]) => ({ rule, made, bytes })));
  assert.ok(rows.length >= minHandWritten, `${rows.length} cases`);
  assert.equal(new Set(rows.map(({ bytes }) => bytes)).size, rows.length, 'a case is written down twice');
  for (const { rule, made, bytes } of rows)
    assert.equal(madeOf(readAll([bytesOf(bytes)])), made, `${rule}\n${JSON.stringify(bytes.slice(0, 400))}`);
  const tally = await compareAll(rows.map(({ bytes }) => bytes));
  assert.ok(tally.accepted >= 80, `${tally.accepted} accepted`);
  t.diagnostic(`${rows.length} cases: ${tally.sentence}`);
});

test('generated streams: whatever we accept llhttp reads the same', async (t) => {
  const chance = chanceFrom(seed);
  const streams = Array.from({ length: generatedCount }, () => generate(chance));
  assert.ok(new Set(streams).size >= generatedCount * 0.85, `${new Set(streams).size} different streams`);
  const tally = await compareAll(streams);
  assert.ok(tally.accepted >= generatedCount / 4, `${tally.accepted} accepted`);
  assert.ok(tally.refused >= generatedCount / 4, `${tally.refused} refused`);
  t.diagnostic(`${generatedCount} streams of seed ${seed}: ${tally.sentence}`);
});

/** A reading in one phrase, as `CaseGroup` writes it. */
function madeOf({ messages, fault, ended }: Reading): string {
  const whole = messages.filter((message) => message.whole).length;
  const count = whole > 1 ? ` ${whole}` : '';
  if (fault !== '') return whole === 0 ? fault : `ok ${whole} ${fault}`;
  if (ended === 'within') return whole === 0 ? 'cut' : `ok ${whole} cut`;
  return `${ended === 'closed' ? 'closed' : 'ok'}${count}`;
}

interface Tally {
  accepted: number;
  refused: number;
  sentence: string;
}

async function compareAll(streams: readonly string[]): Promise<Tally> {
  const stricter = new Map<string, number>();
  let accepted = 0;
  let foreignMethods = 0;
  for (let from = 0; from < streams.length; from += atOnce) {
    const batch = streams.slice(from, from + atOnce);
    const theirs = await Promise.all(batch.map((bytes) => llhttp.read(bytesOf(bytes))));
    for (let index = 0; index < batch.length; index++) {
      const ours = readAll([bytesOf(batch[index]!)]);
      const foreign = theirs[index]!;
      if (hasForeignMethod(ours, foreign)) {
        foreignMethods++;
        continue;
      }
      assertAgreement(ours, foreign, batch[index]!);
      if (ours.fault === '') accepted++;
      else if (foreign.error === '') stricter.set(ours.fault, (stricter.get(ours.fault) ?? 0) + 1);
    }
  }
  const list = [...stricter].sort((a, b) => b[1] - a[1]).map(([why, count]) => `${why} ${count}`);
  const sentence = `${accepted} accepted by both; ${foreignMethods} with methods llhttp does not know; refused by us alone: ${list.join(', ')}`;
  return { accepted, refused: streams.length - accepted - foreignMethods, sentence };
}

/** Registered methods that llhttp does not list: how they are framed is the same. */
function hasForeignMethod(ours: Reading, theirs: ForeignReading): boolean {
  const first = ours.messages[theirs.messages.length];
  return theirs.error === 'HPE_INVALID_METHOD' && first !== undefined && !METHODS.includes(first.method);
}

function assertAgreement(ours: Reading, theirs: ForeignReading, bytes: string): void {
  const about = `${JSON.stringify(bytes.slice(0, 1000))}\nours ${JSON.stringify(ours)}\nllhttp ${JSON.stringify(theirs)}`;
  for (const [index, mine] of ours.messages.entries()) {
    const other = theirs.messages[index];
    assert.ok(other !== undefined, `llhttp did not read message ${index + 1}\n${about}`);
    assert.deepEqual(headOf(mine), headOf(other), about);
    if (mine.whole || ours.fault === '') assert.deepEqual(mine, other, about);
    else assert.ok(mine.body.startsWith(other.body) || other.body.startsWith(mine.body), about);
    // Node stops at a request to upgrade, even where it does not; what we would have to hand on is then another protocol's.
    if (asksForUpgrade(mine)) return;
  }
  if (ours.fault !== '' || ours.ended === 'closed') return;
  // Within a head nothing is accepted yet: it may turn out wrong, and llhttp says so sooner.
  const isWithinHead = ours.ended === 'within' && ours.messages.at(-1)?.whole !== false;
  if (!isWithinHead) assert.equal(theirs.error, '', about);
  assert.equal(theirs.messages.length, ours.messages.length, about);
}

function headOf({ method, target, version, fields }: Message) {
  return { method, target, version, fields };
}

function asksForUpgrade({ fields }: Message): boolean {
  const hasField = fields.some(([name]) => name.toLowerCase() === 'upgrade');
  return (
    hasField &&
    fields.some(([name, value]) => name.toLowerCase() === 'connection' && value.toLowerCase().includes('upgrade'))
  );
}
