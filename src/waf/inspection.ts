// The inspection of one exchange: values go in, findings and the score come out, and a refusal once the score is reached.

import type { Exchange } from '../traffic/exchange.ts';
import type { Finding } from '../traffic/finding.ts';
import { answer, pass, type Refusal, type Verdict } from '../traffic/verdict.ts';
import { judgeArguments } from './arguments.ts';
import { holdsMarkup, unlessCited } from './cited.ts';
import * as C from './classes.ts';
import { foldInto, maxHonestLayers, maxLayers, mayBeEncoded, mayBeEncodedProse, peel } from './decode.ts';
import { entityDecode } from './decodings/entities.ts';
import { scriptDecode, styleDecode } from './decodings/escapes.ts';
import { type Detection, Subject } from './detectors/detection.ts';
import { type GraphqlLimits, isGraphql, tooManyDocuments } from './detectors/graphql.ts';
import { detectHtml } from './detectors/html.ts';
import type { RedirectSettings } from './detectors/redirect.ts';
import { type Bearings, detectors, signSet } from './detectors.ts';
import type { Exclusions } from './exclusions.ts';
import { type Heard, ranked } from './heard.ts';
import { type JsonPath, type JsonVisitor, looksLikeJson, walkJson } from './json.ts';
import { CODE, GRAPHQL, HTML, jsonName, type Place, placeName, SHELL, SQL } from './places.ts';
import { isPlain, isPlainly } from './plain.ts';
import { sumOf } from './sum.ts';
import { isTelling } from './telling.ts';

/** What the WAF holds for one site. */
export interface SitePolicy {
  readonly site: string;
  readonly mode: 'block' | 'detect' | 'off';
  readonly exclusions: Exclusions;
  /** The score from which the built-in rules refuse. */
  readonly threshold: number;
  readonly graphql: GraphqlLimits;
  readonly redirects: RedirectSettings;
}

/** The bounds of one inspection. */
export interface InspectionLimits {
  readonly maxInspectedBytes: number;
  readonly bodyOverLimit: 'refuse' | 'pass';
  /** Bytes that a compressed body may become, and how many for each of its own. */
  readonly maxInflatedBytes: number;
  readonly maxInflateRatio: number;
  readonly maxArguments: number;
  readonly maxJsonDepth: number;
}

/** Findings kept on one exchange; the score goes on counting. */
const maxFindings = 32;
/** Longest excerpt of a value in a finding, in characters. */
const maxExcerpt = 256;
/** JSON in JSON in a value, a form in an address in a value: how often they are opened. */
const maxEmbedded = 2;
/** Characters judged for one exchange, as a multiple of the inspected bytes: every layer of every value counts. */
const maxEffort = 16;
/** Room for the head, which has its own limits. */
const headEffort = 1 << 18;

const none: readonly string[] = Object.freeze([]);

/** One exchange under inspection. `stopped` says that nothing more needs to be judged. */
export class Inspection implements JsonVisitor {
  readonly limits: InspectionLimits;
  readonly exchange: Exchange;
  readonly policy: SitePolicy;
  phase: 1 | 2 | 3 | 4 | 5;
  /** Detections before exclusions: what tells a clean value from one that was excused. */
  detections = 0;
  refusal: Refusal | null = null;
  /** Arguments seen, in the query and the body together. */
  argumentCount = 0;
  #effort: number;
  #embedded = 0;
  #embeddedIn: Place | null = null;
  #embeddedName = '';
  #embeddedDecoded = none;
  /** Whether what is judged is a key of JSON that stands inside a value. */
  #isKey = false;
  readonly #bearings: Bearings;
  #graphqlDocuments = 0;

  constructor(limits: InspectionLimits, exchange: Exchange, policy: SitePolicy, phase: 1 | 2 | 3 | 4 | 5) {
    this.limits = limits;
    this.exchange = exchange;
    this.policy = policy;
    this.phase = phase;
    this.#effort = headEffort + maxEffort * limits.maxInspectedBytes;
    this.#bearings = { graphql: policy.graphql, redirects: policy.redirects, host: exchange.host };
  }

  get stopped(): boolean {
    return this.refusal !== null;
  }

  get verdict(): Verdict {
    return this.refusal ?? pass;
  }

  /** Counts one argument; refuses from the limit on. */
  countArgument(): void {
    if (++this.argumentCount !== this.limits.maxArguments + 1) return;
    const says = `the request has more than ${this.limits.maxArguments} arguments`;
    this.refuse(400, 'waf/too-many-arguments', 1050003, says, 'ARGS');
  }

  /**
   * Judges one value in every form it has under its encodings. `decoded` names what was already undone. False where a
   * look at its characters was enough.
   */
  value(place: Place, name: string, text: string, decoded: readonly string[] = none): boolean {
    const mask = C.classesToHigh(text);
    if (mask === 0 && !mayBeEncoded(text, 0) && !isTelling(text)) return false;
    this.#unfold(place, name, text, mask, decoded);
    return true;
  }

  /** Judges a value given as codes of ASCII where it is prose without a layer to take off; false where `value` must be asked. */
  prose(codes: Buffer, length: number): boolean {
    if (length > this.#effort || mayBeEncodedProse(codes) || !isPlainly(codes, length)) return false;
    this.#effort -= length;
    return true;
  }

  #unfold(place: Place, name: string, text: string, classes: number, decoded: readonly string[]): void {
    let mask = classes;
    let form = text;
    let names = decoded;
    if ((mask & C.HIGH) !== 0) {
      const folds = [...decoded];
      form = foldInto(text, folds);
      names = folds;
      mask = C.classesOf(form);
    }
    for (let layer = names.length; !this.stopped; layer++) {
      // Because what is JSON as a whole was judged part by part, each with its own layers.
      if (this.#judge(place, name, form, mask, names) || this.stopped) return;
      if (!mayBeEncoded(form, mask)) return;
      if (form.includes('.')) this.#token(place, name, form, names);
      const peeled = layer >= maxLayers ? null : peel(form, mask, names);
      if (peeled === null) {
        if (layer > maxHonestLayers) this.#nested(place, name, form, names);
        return;
      }
      this.#judgeStyle(place, name, form, names);
      form = peeled.text;
      names = peeled.decoded;
      mask = C.classesOf(form);
    }
  }

  /** Adds what a detector recognised, unless an owner excluded it there. */
  found(
    detector: string,
    detection: Detection,
    place: Place,
    name: string,
    text: string,
    decoded: readonly string[],
  ): void {
    this.detections++;
    const end = Math.min(detection.end, detection.start + maxExcerpt);
    this.#record({
      id: detection.id,
      detector,
      phase: this.phase,
      severity: detection.severity,
      score: detection.score,
      says: detection.says,
      place: placeName(place, name),
      value: text.slice(detection.start, end),
      decoded,
    });
  }

  /** Records what makes a request impossible to judge: refused with `status` where the site blocks. */
  refuse(status: number, why: string, id: number, says: string, place: string, value = ''): void {
    this.detections++;
    if (this.stopped || this.policy.exclusions.cover('evasion', id, place, this.exchange)) return;
    this.#refuseAnyway(status, why, id, says, place, value);
  }

  #refuseAnyway(status: number, why: string, id: number, says: string, place: string, value: string): void {
    const { exchange, policy } = this;
    if (exchange.findings?.some((one) => one.id === id) === true) return;
    const score = policy.threshold;
    const detector = 'evasion';
    this.#keep({ id, detector, phase: this.phase, severity: 'CRITICAL', score, says, place, value, decoded: none });
    exchange.wafScore += score;
    if (policy.mode === 'block') this.#block(answer(status, why, says, rule(id, detector), { place, value }));
    else exchange.wafAction = 'detect';
  }

  /** The inspection broke: nothing is known of the request, so that it is refused where the site blocks. */
  fail(error: unknown): void {
    const says = `the inspection failed: ${error instanceof Error ? error.message.slice(0, 200) : 'unknown error'}`;
    if (this.stopped) return;
    if (this.policy.mode === 'block') this.#block(answer(403, 'waf/failed', says));
    else this.exchange.wafAction = 'detect';
  }

  /** A key of JSON that stands inside a value. */
  name(text: string, path: JsonPath): boolean {
    this.#isKey = true;
    this.value(this.#embeddedIn ?? jsonName, this.#embeddedPath(path), text, this.#embeddedDecoded);
    this.#isKey = false;
    return this.stopped;
  }

  /** A string of JSON that stands inside a value. */
  text(text: string, path: JsonPath): boolean {
    this.value(this.#embeddedIn ?? jsonName, this.#embeddedPath(path), text, this.#embeddedDecoded);
    return this.stopped;
  }

  #embeddedPath(path: JsonPath): string {
    const inner = path.toString();
    return inner === '' ? this.#embeddedName : `${this.#embeddedName}.${inner}`;
  }

  /** Judges one form; true where it was JSON and every part of it was judged. */
  #judge(place: Place, name: string, form: string, mask: number, decoded: readonly string[]): boolean {
    this.#effort -= form.length;
    if (this.#effort < 0) {
      this.detections++;
      // Because no exclusion may excuse it: what comes behind the excused value would go by unseen.
      const says = 'the values have too many layers of encoding to be judged';
      this.#refuseAnyway(403, 'waf/too-costly', 1050004, says, placeName(place, name), '');
      return false;
    }
    if (place.embedsJson && this.#embedded < maxEmbedded && looksLikeJson(form)) {
      if (this.#judgeJson(place, name, form, decoded)) return true;
    }
    if (place.embedsJson && this.#embedded < maxEmbedded) this.#judgeForm(place, name, form, mask, decoded);
    if (this.stopped) return false;
    let heard: Heard[] | null = null;
    const subject = new Subject(signSet, form, name, place.isName || this.#isKey, place.inHead);
    if (isPlain(subject)) return false;
    if ((place.runs & GRAPHQL) !== 0 && (mask & C.BRACKET) !== 0 && isGraphql(subject.lower))
      this.#judgeDocument(place, name, form, decoded);
    if (this.stopped) return false;
    const classes = mask === 0 ? C.ANY : mask;
    for (const detector of detectors) {
      if ((place.runs & detector.bit) === 0 || (classes & detector.gate) === 0) continue;
      const told = detector.detect(subject, place, this.#bearings);
      if (told === null) continue;
      const again = (rest: string) =>
        detector.detect(new Subject(signSet, rest, name, subject.isName, false), place, this.#bearings);
      const detection =
        place.inHead || (detector.bit & (SQL | HTML | SHELL | CODE)) === 0
          ? told
          : unlessCited(detector.bit, told, subject, again);
      heard ??= [];
      heard.push({ detector: detector.name, bit: detector.bit, detection, form });
    }
    if (heard !== null) this.#tell(place, name, form, mask, decoded, heard);
    return false;
  }

  /** Records what one form showed, the most telling first, because the first to reach the threshold gives the refusal its name. */
  #tell(
    place: Place,
    name: string,
    form: string,
    mask: number,
    decoded: readonly string[],
    heard: readonly Heard[],
  ): void {
    const all = [...heard];
    if ((mask & C.AMPERSAND) !== 0 && (place.runs & HTML) !== 0) {
      // Because the `;` of `&lt;script` looks like the end of a command, and what was meant is the markup.
      const markup = entityDecode(form, holdsMarkup(form));
      const told = markup === form ? null : detectHtml(markup);
      const detection =
        told === null || place.inHead
          ? told
          : unlessCited(HTML, told, new Subject(signSet, markup, name, false, false), detectHtml);
      if (detection !== null && detection.score >= 5)
        all.unshift({ detector: 'cross-site-scripting', bit: HTML, detection, form: markup });
    }
    for (const one of ranked(all)) {
      if (this.stopped) return;
      const names = one.form === form ? decoded : [...decoded, 'htmlEntityDecode'];
      this.found(one.detector, one.detection, place, name, one.form, names);
    }
  }

  /** Judges the arguments of a form or an address that is the value: `a=1&b=…`, `https://a.example/?next=…`. */
  #judgeForm(place: Place, name: string, form: string, mask: number, decoded: readonly string[]): void {
    if ((mask & C.OPERATOR) === 0 || (mask & C.ENCODED) === 0 || (mask & C.BLANK) !== 0) return;
    const start = form.indexOf('?') + 1;
    const equals = form.indexOf('=', start);
    if (equals <= start || (C.classesOf(form.slice(start, equals)) & ~(C.BRACKET | C.PERCENT)) !== 0) return;
    this.#embedded++;
    judgeArguments(this, place, form.slice(start), { name, decoded });
    this.#embedded--;
  }

  /** Counts a GraphQL document, and judges the strings in it, each on its own. */
  #judgeDocument(place: Place, name: string, form: string, decoded: readonly string[]): void {
    if (++this.#graphqlDocuments === this.policy.graphql.maxBatch + 1)
      this.found('graphql-abuse', tooManyDocuments(this.#graphqlDocuments), place, name, form, decoded);
    if (!this.stopped) this.#judgeLiterals(place, name, form, decoded);
  }

  /** Judges the strings of a GraphQL document, each on its own. */
  #judgeLiterals(place: Place, name: string, form: string, decoded: readonly string[]): void {
    if (this.#embedded >= maxEmbedded) return;
    this.#embedded++;
    for (let at = form.indexOf('"'); at >= 0 && !this.stopped; at = form.indexOf('"', at + 1)) {
      let end = at + 1;
      while (end < form.length && form.charCodeAt(end) !== 34) end += form.charCodeAt(end) === 92 ? 2 : 1;
      const raw = form.slice(at + 1, end);
      this.value(place, name, raw.includes('\\') ? scriptDecode(raw) : raw, decoded);
      at = end;
    }
    this.#embedded--;
  }

  /** Judges the parts of a value that is JSON; false where it is none after all. */
  #judgeJson(place: Place, name: string, form: string, decoded: readonly string[]): boolean {
    const outer = [this.#embeddedIn, this.#embeddedName, this.#embeddedDecoded] as const;
    this.#embedded++;
    this.#embeddedIn = place;
    this.#embeddedName = name;
    this.#embeddedDecoded = decoded;
    const outcome = walkJson(form, this.limits.maxJsonDepth, this);
    this.#embedded--;
    [this.#embeddedIn, this.#embeddedName, this.#embeddedDecoded] = outer;
    return outcome === 'whole';
  }

  /** A form as CSS reads its escapes; only markup can be hidden that way. */
  #judgeStyle(place: Place, name: string, form: string, decoded: readonly string[]): void {
    if ((place.runs & HTML) === 0 || !form.includes('\\')) return;
    const styled = styleDecode(form);
    if (styled === form) return;
    const markup = detectors[1]!;
    this.#effort -= form.length;
    const detection = markup.detect(new Subject(signSet, styled, name, false, place.inHead), place, this.#bearings);
    if (detection !== null) this.found(markup.name, detection, place, name, styled, [...decoded, 'cssDecode']);
  }

  /** The readable parts of a token such as a JWT: `header.claims.signature`. */
  #token(place: Place, name: string, form: string, decoded: readonly string[]): void {
    if (!form.startsWith('eyJ')) return;
    for (const part of form.split('.', 3)) {
      if (this.stopped) return;
      const peeled = part.length > 15 ? peel(part, 0, decoded) : null;
      if (peeled !== null) this.value(place, name, peeled.text, peeled.decoded);
    }
  }

  #nested(place: Place, name: string, form: string, decoded: readonly string[]): void {
    const says = `the value was encoded ${decoded.length} times over, more than any application undoes`;
    const detection: Detection = { id: 1050001, score: 3, severity: 'WARNING', says, start: 0, end: form.length };
    this.found('evasion', detection, place, name, form, decoded);
  }

  #record(finding: Finding): void {
    const { exchange, policy } = this;
    if (policy.exclusions.cover(finding.detector, finding.id, finding.place, exchange)) return;
    const findings = exchange.findings ?? [];
    const before = sumOf(findings);
    exchange.wafScore += Math.max(0, sumOf([...findings, finding]) - before);
    const seen = findings.findIndex((one) => one.id === finding.id && one.place === finding.place);
    if (seen < 0) this.#keep(finding);
    else if (findings[seen]!.score < finding.score) findings[seen] = finding;
    if (exchange.wafScore < policy.threshold) return;
    if (policy.mode === 'block') this.#block(this.#refusal());
    else exchange.wafAction = 'detect';
  }

  #keep(finding: Finding): void {
    this.exchange.findings ??= [];
    if (this.exchange.findings.length < maxFindings) this.exchange.findings.push(finding);
  }

  /** The refusal for the finding that weighs most. */
  #refusal(): Refusal {
    let worst: Finding | null = null;
    for (const one of this.exchange.findings ?? []) if (worst === null || one.score > worst.score) worst = one;
    if (worst === null) return answer(403, 'waf/failed', 'the score was reached without a finding');
    const evidence = { place: worst.place, value: worst.value };
    return answer(403, `waf/${worst.detector}`, worst.says, rule(worst.id, worst.detector), evidence);
  }

  #block(refusal: Refusal): void {
    this.refusal = refusal;
    this.exchange.wafAction = 'block';
  }
}

function rule(id: number, description: string) {
  return { id: String(id), description, at: '' };
}
