import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DnsMessage, readMessage, textData, writeMessage, writeName } from './dns-message.ts';

const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const name = fc.array(label, { maxLength: 6 }).map((labels) => labels.join('.'));
const word = fc.nat(0xffff);
const question = fc.record({ name, type: word, class: word });
const record = fc.record({
  name,
  type: word,
  class: word,
  ttl: fc.nat(0xffffffff),
  data: fc.uint8Array({ maxLength: 80 }),
});
const records = fc.array(record, { maxLength: 4 });
const message: fc.Arbitrary<DnsMessage> = fc.record({
  id: word,
  flags: word,
  questions: fc.array(question, { maxLength: 2 }),
  answers: records,
  authorities: records,
  additionals: records,
});

const plain = (one: DnsMessage | null) =>
  JSON.stringify(one, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );

test('what is written is read back, and cut anywhere it is no message', () => {
  fc.assert(
    fc.property(message, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (one, part) => {
      const bytes = writeMessage(one);
      const hex = (records: DnsMessage['answers']) =>
        records.map((each) => ({ ...each, data: Buffer.from(each.data) }));
      const wanted = {
        ...one,
        answers: hex(one.answers),
        authorities: hex(one.authorities),
        additionals: hex(one.additionals),
      };
      assert.equal(plain(readMessage(bytes)), plain(wanted));
      assert.equal(readMessage(bytes.subarray(0, Math.floor(bytes.length * part))), null);
    }),
  );
});

test('no bytes make the reader throw, or go round in circles', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 12, maxLength: 100 }), (bytes) => {
      readMessage(Buffer.from(bytes));
    }),
    { numRuns: 2000 },
  );
});

test('a name that points backwards is followed; one that points at itself or forwards is none', () => {
  const header = '000100000002000000000000';
  const first = `${'01610162'}00${'00010001'}`;
  const read = (pointer: string) => readMessage(Buffer.from(`${header}${first}0163${pointer}00010001`, 'hex'));
  assert.deepEqual(
    read('c00c')?.questions.map((one) => one.name),
    ['a.b', 'c.a.b'],
  );
  assert.equal(read('c017'), null);
  assert.equal(read('c015'), null);
  assert.equal(read('c0ff'), null);
});

test('names of DNS and none', () => {
  assert.equal(
    writeName('_acme-challenge.example.com.').toString('hex'),
    '0f5f61636d652d6368616c6c656e6765076578616d706c6503636f6d00',
  );
  assert.equal(writeName('').toString('hex'), '00');
  for (const wrong of ['a..b', '.a', 'x'.repeat(64), `${'abcdefg.'.repeat(32)}`])
    assert.throws(() => writeName(wrong), /DNS name/);
  assert.equal(textData('hi').toString('hex'), '026869');
});
