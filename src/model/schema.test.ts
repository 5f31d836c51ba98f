// What each keyword lets through and what it says about the rest; references; and what is passed over, by name.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { faultOf, Meter, SchemaCompiler } from './schema.ts';

function compiled(schema: unknown, document: Record<string, unknown> = {}) {
  const told: string[] = [];
  const compiler = new SchemaCompiler(
    document,
    // Here a pattern is a text that must be in the value; `waf/regex` has its own tests.
    (source) => (source === '(' ? { says: 'the group does not end' } : { test: (text) => text.includes(source) }),
    {
      problem: (at, says) => void told.push(`${at}: ${says}`),
      note: (at, says) => void told.push(`${at}: note: ${says}`),
    },
  );
  return { schema: compiler.compile(schema, '#'), told };
}

const cases: readonly (readonly [schema: unknown, value: unknown, fault: string])[] = [
  [{ type: 'integer' }, 1, ''],
  [{ type: 'integer' }, 1.5, 'it is a number, not integer'],
  [{ type: 'integer' }, '1', 'it is a text of 1 characters, not integer'],
  [{ type: ['string', 'null'] }, null, ''],
  [{ type: 'string', nullable: true }, null, ''],
  [{ type: 'string' }, null, 'it is null, not string'],
  [{ type: 'object' }, [], 'it is a list of 0, not object'],
  [{ enum: ['a', 1, null] }, 1, ''],
  [{ enum: ['a'] }, 'b', 'it is none of the values that it may be'],
  [{ const: { a: 1 } }, { a: 1 }, ''],
  [{ minLength: 2 }, 'a', 'it is shorter than 2 characters'],
  [{ maxLength: 1 }, '😀', ''],
  [{ maxLength: 1 }, 'ab', 'it is longer than 1 characters'],
  [{ pattern: 'x' }, 'axb', ''],
  [{ pattern: 'x' }, 'ab', 'it does not match its pattern'],
  [{ format: 'date' }, '2026-02-29', 'it is no date'],
  [{ format: 'date' }, '2028-02-29', ''],
  [{ format: 'date-time' }, '2026-01-01T00:00:00Z', ''],
  [{ format: 'date-time' }, '2026-01-01', 'it is no date-time'],
  [{ format: 'uuid' }, '3b241101-e2bb-4255-8caf-4136c566a962', ''],
  [{ format: 'uuid' }, '3b241101', 'it is no uuid'],
  [{ format: 'email' }, 'a@b', ''],
  [{ format: 'email' }, 'a@', 'it is no email'],
  [{ format: 'ipv4' }, '192.0.2.1', ''],
  [{ format: 'ipv4' }, '192.0.2', 'it is no ipv4'],
  [{ format: 'int32' }, 2 ** 31, 'it is no int32'],
  [{ minimum: 1 }, 1, ''],
  [{ minimum: 1, exclusiveMinimum: true }, 1, 'it is less than 1'],
  [{ exclusiveMinimum: 1 }, 1, 'it is not more than 1'],
  [{ maximum: 1 }, 2, 'it is more than 1'],
  [{ multipleOf: 0.1 }, 0.3, ''],
  [{ multipleOf: 2 }, 3, 'it is no multiple of 2'],
  [{ items: { type: 'integer' } }, [1, 'x'], 'it[1] is a text of 1 characters, not integer'],
  [{ maxItems: 1 }, [1, 2], 'it has more than 1 entries'],
  [{ uniqueItems: true }, [{ a: 1 }, { a: 1 }], 'it has an entry twice'],
  [{ required: ['a'] }, { b: 1 }, 'it.a is missing'],
  [{ properties: { a: { type: 'integer' } }, additionalProperties: false }, { a: 1 }, ''],
  [{ properties: { a: { type: 'integer' } }, additionalProperties: false }, { b: 1 }, 'it.b is not declared'],
  [{ additionalProperties: { type: 'integer' } }, { b: 'x' }, 'it.b is a text of 1 characters, not integer'],
  [{ additionalProperties: false }, JSON.parse('{"__proto__":1}'), 'it.__proto__ is not declared'],
  [{ maxProperties: 1 }, { a: 1, b: 2 }, 'it has more than 1 properties'],
  [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, 3, 'it is more than 2'],
  [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, 7, ''],
  [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, 3, 'it is a number, not string'],
  [{ oneOf: [{ minimum: 1 }, { minimum: 2 }] }, 3, 'it is more than one of what it may be'],
  [{ not: { type: 'string' } }, 'x', 'it is what it must not be'],
  [false, 1, 'it is not to be there'],
  [true, 1, ''],
];

test('keywords mean what they say', () => {
  for (const [schema, value, fault] of cases)
    assert.equal(faultOf(compiled(schema).schema, value, 'it'), fault, JSON.stringify([schema, value]));
});

test('schemas refer to each other, in circles too', () => {
  const document = {
    components: {
      schemas: { 'a/b': { properties: { next: { $ref: '#/components/schemas/a~1b' } }, additionalProperties: false } },
    },
  };
  const { schema, told } = compiled({ $ref: '#/components/schemas/a~1b' }, document);
  assert.deepEqual(told, []);
  assert.equal(faultOf(schema, { next: { next: {} } }, 'it'), '');
  assert.equal(faultOf(schema, { next: { next: { x: 1 } } }, 'it'), 'it.next.next.x is not declared');
  const circle = { components: { schemas: { A: { allOf: [{ $ref: '#/components/schemas/A' }] } } } };
  assert.match(faultOf(compiled({ $ref: '#/components/schemas/A' }, circle).schema, 1, 'it'), /nested deeper than 100/);
});

test('what cannot be meant stops the start, what is passed over is named', () => {
  assert.deepEqual(compiled({ $ref: 'https://example.com/schema' }).told, [
    '#: "https://example.com/schema" leads out of the document: only references such as #/components/schemas/Name are followed',
  ]);
  assert.deepEqual(compiled({ $ref: '#/nowhere' }).told, ['#: "#/nowhere" leads nowhere in the document']);
  assert.deepEqual(compiled({ pattern: '(' }).told, ['#/pattern: the pattern cannot be used: the group does not end']);
  assert.deepEqual(compiled({ if: {}, format: 'iban', 'x-own': 1, title: 'A' }).told, [
    '#: note: `if` is not compared',
    '#/format: note: the format "iban" is not compared',
  ]);
});

test('nesting and alternatives are bounded', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 200; level++) deep = [deep];
  const document = { components: { schemas: { L: { items: { $ref: '#/components/schemas/L' } } } } };
  assert.match(
    faultOf(compiled({ $ref: '#/components/schemas/L' }, document).schema, deep, 'it'),
    /nested deeper than 100$/,
  );
  const wide = {
    components: {
      schemas: { W: { anyOf: Array(20).fill({ items: { $ref: '#/components/schemas/W' }, type: 'array' }) } },
    },
  };
  let value: unknown = 1;
  for (let level = 0; level < 20; level++) value = [value];
  assert.match(
    faultOf(compiled({ $ref: '#/components/schemas/W' }, wide).schema, value, 'it', new Meter()),
    /takes too long/,
  );
});

test('whatever schema and value, there is an answer', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (schema, value) => {
      assert.equal(typeof faultOf(compiled(schema).schema, value, 'it'), 'string');
    }),
    { numRuns: 300 },
  );
});
