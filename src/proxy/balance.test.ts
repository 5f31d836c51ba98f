import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Balancer, Candidate } from './candidate.ts';
import { LeastConnections, RandomTwo } from './least-load.ts';
import { hashText, Rendezvous } from './rendezvous.ts';
import { RoundRobin } from './round-robin.ts';

/** An endpoint as a way of balancing sees it. */
class Place implements Candidate {
  isReady = true;
  load = 0;
  turn = 0;
  share: number;
  readonly name: string;
  readonly weight: number;
  readonly seed: number;

  constructor(name: string, weight = 1) {
    this.name = name;
    this.weight = weight;
    this.share = weight;
    this.seed = hashText(name);
  }
}

const places = (...weights: number[]) => weights.map((weight, index) => new Place(`10.0.0.${index + 1}:80`, weight));

/** How often each was chosen in so many requests, `keyOf` telling them apart. */
function counts(balancer: Balancer, candidates: readonly Place[], requests: number, keyOf = (at: number) => at) {
  const count = new Map(candidates.map((place) => [place, 0]));
  for (let at = 0; at < requests; at++) {
    const chosen = balancer.choose(candidates, keyOf(at), null);
    if (chosen !== null) count.set(chosen, count.get(chosen)! + 1);
  }
  return [...count.values()];
}

/** Numbers that look like chance and are the same every time. */
function chance(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const keyOf = (at: number) => hashText(`client ${at}`);

const ways: readonly [string, () => Balancer][] = [
  ['round robin', () => new RoundRobin()],
  ['least connections', () => new LeastConnections()],
  ['random of two', () => new RandomTwo(chance())],
  ['hash', () => new Rendezvous()],
  ['hash with bounded load', () => new Rendezvous(1.25)],
];

test('property: every way chooses one that is ready and not avoided, and null only where there is none', () => {
  const places = fc.array(
    fc.record({
      weight: fc.integer({ min: 1, max: 100 }),
      load: fc.nat(50),
      isReady: fc.boolean(),
      avoid: fc.boolean(),
    }),
    { maxLength: 12 },
  );
  for (const [name, make] of ways)
    fc.assert(
      fc.property(places, fc.array(fc.nat(2 ** 32 - 1), { maxLength: 30 }), (rows, keys) => {
        const balancer = make();
        const candidates = rows.map(({ weight, load, isReady }, index) =>
          Object.assign(new Place(`p${index}`, weight), { load, isReady }),
        );
        const avoided = candidates.filter((_, index) => rows[index]!.avoid);
        const hasAny = candidates.some((place) => place.isReady && !avoided.includes(place));
        for (const key of keys) {
          const chosen = balancer.choose(candidates, key, avoided);
          assert.equal(chosen !== null, hasAny, name);
          if (chosen !== null) assert.ok(chosen.isReady && !avoided.includes(chosen), name);
        }
      }),
      { numRuns: 200 },
    );
});

test('round robin gives each its weight, and spreads the turns of the heavy one', () => {
  const [a, b, c] = places(5, 1, 1);
  const candidates = [a!, b!, c!];
  const balancer = new RoundRobin();
  const order = Array.from({ length: 14 }, () => candidates.indexOf(balancer.choose(candidates, 0, null)!));
  assert.deepEqual(order, [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0]);
});

test('property: over as many turns as the weights sum to, round robin is exact', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (weights) => {
      const sum = weights.reduce((all, weight) => all + weight, 0);
      assert.deepEqual(
        counts(new RoundRobin(), places(...weights), sum * 2),
        weights.map((weight) => weight * 2),
      );
    }),
  );
});

test('one that comes back has not saved up turns while it was away', () => {
  const candidates = places(1, 1, 1);
  const balancer = new RoundRobin();
  candidates[2]!.isReady = false;
  assert.deepEqual(counts(balancer, candidates, 300), [150, 150, 0]);
  candidates[2]!.isReady = true;
  assert.deepEqual(counts(balancer, candidates, 300), [100, 100, 100]);
});

test('least connections: the smallest load for its weight, equals in turn', () => {
  const balancer = new LeastConnections();
  const candidates = places(1, 1, 2);
  const choose = () => candidates.indexOf(balancer.choose(candidates, 0, null)!);
  const filled = Array.from({ length: 8 }, () => {
    const at = choose();
    candidates[at]!.load++;
    return at;
  });
  assert.deepEqual(
    candidates.map(({ load }) => load),
    [2, 2, 4],
    filled.join(),
  );
  candidates[1]!.load = 0;
  assert.equal(choose(), 1);
  const idle = places(1, 1, 1);
  const even = new LeastConnections();
  assert.deepEqual(counts(even, idle, 300), [100, 100, 100], 'with nothing in hand everybody has a turn');
});

test('random of two keeps the load level where each request stays for a while', () => {
  const candidates = places(1, 1, 1, 1);
  const balancer = new RandomTwo(chance());
  const held: Place[] = [];
  for (let at = 0; at < 4000; at++) {
    const chosen = balancer.choose(candidates, 0, null)!;
    chosen.load++;
    held.push(chosen);
    if (held.length > 400) held.shift()!.load--;
  }
  for (const { load } of candidates) assert.ok(Math.abs(load - 100) <= 8, `${candidates.map((place) => place.load)}`);
  const weighted = counts(new RandomTwo(chance()), places(3, 1), 8000);
  assert.ok(weighted[0]! > weighted[1]!, 'the heavier one is less loaded for its weight');
});

test('a hash spreads keys by weight', () => {
  for (const weights of [
    [1, 1, 1, 1],
    [1, 2, 5],
    [100, 1],
  ]) {
    const candidates = places(...weights);
    const sum = weights.reduce((all, weight) => all + weight, 0);
    const found = counts(new Rendezvous(), candidates, 40_000, keyOf);
    for (const [index, count] of found.entries()) {
      const expected = (40_000 * weights[index]!) / sum;
      // Six standard deviations of a binomial: the keys are fixed, so this either holds or does not.
      assert.ok(Math.abs(count - expected) <= 6 * Math.sqrt(expected), `${weights}: ${found}`);
    }
  }
});

test('property: when one goes only its keys move, when it comes back they come back, and more weight only draws keys to itself', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 10 }), fc.nat(), (weights, at) => {
      const candidates = places(...weights);
      const gone = candidates[at % candidates.length]!;
      const balancer = new Rendezvous();
      const keys = Array.from({ length: 200 }, (_, index) => keyOf(index));
      const all = () => keys.map((key) => balancer.choose(candidates, key, null)!);
      const before = all();
      gone.isReady = false;
      for (const [index, place] of all().entries())
        if (before[index] !== gone) assert.equal(place, before[index]);
        else assert.notEqual(place, gone);
      gone.isReady = true;
      assert.deepEqual(all(), before);
      const heavier = candidates.map(
        (place) => new Place(place.name, place === gone ? place.weight + 3 : place.weight),
      );
      for (const [index, key] of keys.entries()) {
        const now = balancer.choose(heavier, key, null)!;
        if (now.name !== gone.name) assert.equal(now.name, before[index]!.name);
      }
    }),
    { numRuns: 60 },
  );
});

test('a hash does not depend on the order of the list', () => {
  const candidates = places(1, 2, 3, 4);
  const turned = [...candidates].reverse();
  const balancer = new Rendezvous();
  for (let at = 0; at < 500; at++)
    assert.equal(balancer.choose(candidates, keyOf(at), null), balancer.choose(turned, keyOf(at), null));
});

test('with a bound one hot key fills its endpoint to its bound and then its second choice', () => {
  const candidates = places(1, 1, 1, 1);
  const balancer = new Rendezvous(1.25);
  for (let at = 0; at < 400; at++) balancer.choose(candidates, keyOf(7), null)!.load++;
  const loads = candidates.map(({ load }) => load).sort((a, b) => b - a);
  assert.ok(loads[0]! <= Math.ceil((1.25 * 400) / 4), `${loads}`);
  assert.equal(loads[0], loads[1], 'the second choice is as full');
  const free = places(1, 1, 1, 1);
  const unbound = new Rendezvous();
  for (let at = 0; at < 400; at++) unbound.choose(free, keyOf(7), null)!.load++;
  assert.deepEqual(free.map(({ load }) => load).sort(), [0, 0, 0, 400]);
});
