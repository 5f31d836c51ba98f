// Learns what the requests of a site look like from those that nobody objected to and that the application answered well. Bounded, and
// handed over in parts: what was taken is begun anew, and parts add up.

import type { Buffer } from 'node:buffer';
import { formPairs } from '../base/form-fields.ts';
import { isUnder } from '../base/path-prefix.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { pass } from '../traffic/verdict.ts';
import { BodyJudge } from './body-judge.ts';
import { mediaTypeOf } from './judgement.ts';
import { bodyOf, emptyLearnt, type Learnt, maxShapes, methodAt } from './learnt.ts';
import { isCompared } from './openapi.ts';
import { type Budget, note, noteGroup } from './shape.ts';
import { unicode } from './texts.ts';

/** Longest body that is learnt from, in bytes, and most pairs of a query or form. */
const maxBodyBytes = 65_536;
const maxPairs = 200;

/** What an exchange that is learnt from keeps until its end. */
class Lesson {
  readonly learner: Learner;
  type = '';
  /** The body's value; undefined where none was read. */
  body: unknown = undefined;

  constructor(learner: Learner) {
    this.learner = learner;
  }
}

/** The learner of one site. */
export class Learner {
  readonly #under: readonly string[];
  #learnt: Learnt = emptyLearnt();
  #budget: Budget = { left: maxShapes };

  /** `under`: the paths that are learnt. */
  constructor(under: readonly string[]) {
    this.#under = under;
  }

  /** Marks an exchange that is to be learnt from, should it end well. */
  begin(exchange: Exchange): void {
    if (this.#under.some((prefix) => isUnder(exchange.placingPath, prefix))) exchange.lesson = new Lesson(this);
  }

  /** What keeps the body for it; null where it is nothing to learn from. */
  openBody(exchange: Exchange): BodyJudge | null {
    const { lesson } = exchange;
    if (!(lesson instanceof Lesson) || exchange.bodyLength === 0) return null;
    lesson.type = mediaTypeOf(exchange);
    if (!isCompared(lesson.type) || exchange.headers.get('content-encoding') !== null) return null;
    const read = (bytes: Buffer) => {
      lesson.body = valueIn(lesson.type, bytes);
      return pass;
    };
    return new BodyJudge(maxBodyBytes, read, () => pass);
  }

  /** The exchange is over: it is learnt where nobody objected and the application had an answer. */
  conclude(exchange: Exchange): void {
    const { lesson, status, refusal, findings, method } = exchange;
    // After a reload the sites may be others.
    if (!(lesson instanceof Lesson) || lesson.learner !== this) return;
    exchange.lesson = null;
    if (refusal !== null || findings !== null || status < 200 || status >= 400) return;
    const learnt = this.#learnt;
    const record = methodAt(learnt, unicode(exchange.placingPath), method, this.#budget);
    learnt.requests++;
    learnt.from = Math.min(learnt.from, exchange.startedAt);
    learnt.to = Math.max(learnt.to, exchange.startedAt);
    if (record === null) {
      learnt.lost++;
      return;
    }
    record.seen++;
    record.query.seen++;
    noteGroup(record.query, groupOf(exchange.query), this.#budget);
    if (exchange.bodyLength === 0) record.bare++;
    else {
      const body = bodyOf(record, lesson.type, this.#budget);
      if (body !== null && lesson.body !== undefined) note(body, lesson.body, this.#budget);
    }
  }

  /** What was learnt since the last call, or null. */
  take(): Learnt | null {
    if (this.#learnt.requests === 0) return null;
    const taken = this.#learnt;
    this.#learnt = emptyLearnt();
    this.#budget = { left: maxShapes };
    return taken;
  }
}

function valueIn(type: string, body: Buffer): unknown {
  if (type === 'application/x-www-form-urlencoded') return Object.fromEntries(groupOf(body.toString('latin1')));
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Names with their text, or their texts where one comes again. */
function groupOf(form: string): ReadonlyMap<string, string | string[]> {
  const group = new Map<string, string | string[]>();
  if (form === '') return group;
  for (const [spelled, bytes] of formPairs(form, maxPairs)) {
    const name = unicode(spelled);
    const value = unicode(bytes);
    const before = group.get(name);
    if (before === undefined) group.set(name, value);
    else if (Array.isArray(before)) before.push(value);
    else group.set(name, [before, value]);
  }
  return group;
}
