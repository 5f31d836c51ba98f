// The subset of JSON Schema that OpenAPI describes values with, compiled once: what a value must be, and in words what it is not.

import { Buffer } from 'node:buffer';
import { formats } from './formats.ts';

/** Makes a matcher in linear time, or says what is wrong with the pattern. */
export type CompilePattern = (
  source: string,
  ignoresCase: boolean,
) => { test(text: string): boolean } | { says: string };

/** What is told while a document is compiled: `at` is a pointer into it. */
export interface SchemaTold {
  /** What cannot be meant here and stops the start. */
  problem(at: string, says: string): void;
  /** What is passed over. */
  note(at: string, says: string): void;
}

/** A schema, compiled. Filled after it is made, because schemas refer to each other in circles. */
export interface Schema {
  checks: readonly Check[];
  types: readonly string[];
  items: Schema | null;
  /** Properties by name; null where it names none. */
  properties: ReadonlyMap<string, Schema> | null;
  /** Schemas that say the rest of what it is: a reference's target, the parts of `allOf` and its kin. */
  like: readonly Schema[];
}

/** One keyword: '' where the value fits, otherwise what is wrong with it. `at` is where it stands, for people. */
type Check = (value: unknown, at: string, meter: Meter) => string;

/** Bounds one judgement: schemas that are tried one after the other, and within each other. */
export class Meter {
  left = 100_000;
  depth = 0;
  /** What was too much, once something was. */
  spent = '';
}

/** Deepest nesting of values and of schemas in each other. */
const maxDepth = 100;

/** '' where the value fits the schema, otherwise what is wrong, and where. What could not be compared to its end does not fit. */
export function faultOf(schema: Schema, value: unknown, at: string, meter: Meter = new Meter()): string {
  meter.left -= schema.checks.length + 1;
  if (meter.depth >= maxDepth && meter.spent === '') meter.spent = `${at} is nested deeper than ${maxDepth}`;
  if (meter.left < 0 && meter.spent === '') meter.spent = `${at} takes too long to compare with its schema`;
  if (meter.spent !== '') return meter.spent;
  meter.depth++;
  let fault = '';
  for (let index = 0; index < schema.checks.length && fault === ''; index++)
    fault = schema.checks[index]!(value, at, meter);
  meter.depth--;
  // Because alternatives and `not` make a fit of what did not fit.
  return meter.spent === '' ? fault : meter.spent;
}

/** Most schemas of one document. */
const maxSchemas = 20_000;

/** Words that say something to people or generators, and nothing about values. */
const silent: ReadonlySet<string> = new Set(
  'title description default example examples deprecated readOnly writeOnly xml externalDocs discriminator $schema $id $comment $defs definitions contentMediaType contentEncoding'.split(
    ' ',
  ),
);

type Part = Readonly<Record<string, unknown>>;

/** Compiles the schemas of one document. */
export class SchemaCompiler {
  readonly #document: Part;
  readonly #compilePattern: CompilePattern;
  readonly #told: SchemaTold;
  readonly #byPointer = new Map<string, Schema>();
  #count = 0;

  constructor(document: Part, compilePattern: CompilePattern, told: SchemaTold) {
    this.#document = document;
    this.#compilePattern = compilePattern;
    this.#told = told;
  }

  /** What a reference leads to, with where that stands; null after telling. */
  resolve(pointer: unknown, at: string): { readonly part: Part; readonly at: string } | null {
    if (typeof pointer !== 'string' || !pointer.startsWith('#')) {
      this.#told.problem(
        at,
        `"${String(pointer)}" leads out of the document: only references such as #/components/schemas/Name are followed`,
      );
      return null;
    }
    let part: unknown = this.#document;
    for (const step of pointer.slice(1).split('/').filter(Boolean)) {
      const name = decoded(step).replaceAll('~1', '/').replaceAll('~0', '~');
      part =
        isPart(part) && Object.hasOwn(part, name) ? part[name] : Array.isArray(part) ? part[Number(name)] : undefined;
    }
    if (isPart(part)) return { part, at: pointer };
    this.#told.problem(at, `"${pointer}" leads nowhere in the document`);
    return null;
  }

  /** The schema that stands at `at`. */
  compile(written: unknown, at: string): Schema {
    const known = this.#byPointer.get(at);
    if (known !== undefined) return known;
    const schema: Schema = { checks: [], types: [], items: null, properties: null, like: [] };
    this.#byPointer.set(at, schema);
    if (++this.#count > maxSchemas) {
      if (this.#count === maxSchemas + 1) this.#told.problem(at, `the document has more than ${maxSchemas} schemas`);
      return schema;
    }
    if (written === false) schema.checks = [(_, place) => `${place} is not to be there`];
    else if (isPart(written)) this.#fill(schema, written, at);
    else if (written !== true) this.#told.problem(at, 'a schema is a group of keywords');
    return schema;
  }

  #fill(schema: Schema, written: Part, at: string): void {
    if (written.$ref !== undefined) {
      const found = this.resolve(written.$ref, at);
      const target = found === null ? null : this.compile(found.part, found.at);
      if (target === null) return;
      schema.checks = [(value, place, meter) => faultOf(target, value, place, meter)];
      schema.like = [target];
      return;
    }
    const checks: Check[] = [];
    const types = typesOf(written);
    schema.types = types;
    if (types.length > 0) checks.push((value, place) => typeFault(value, place, types));
    for (const [word, value] of Object.entries(written)) {
      const check = this.#keyword(word, value, written, `${at}/${word}`, schema);
      if (check === undefined) this.#told.note(at, `\`${word}\` is not compared`);
      else if (check !== null) checks.push(check);
    }
    if (written.items !== undefined) schema.items = this.compile(written.items, `${at}/items`);
    schema.like = ['allOf', 'anyOf', 'oneOf'].flatMap((word) => {
      const parts = written[word];
      return Array.isArray(parts) ? parts.map((one, index) => this.compile(one, `${at}/${word}/${index}`)) : [];
    });
    schema.checks = checks;
  }

  /** The check of a keyword; null where it has none of its own, undefined where it is unknown. */
  #keyword(word: string, value: unknown, written: Part, at: string, schema: Schema): Check | null | undefined {
    if (silent.has(word) || word.startsWith('x-')) return null;
    switch (word) {
      case 'type':
      case 'nullable':
        return null;
      case 'enum':
      case 'const':
        return amongCheck(word === 'enum' && Array.isArray(value) ? value : [value]);
      case 'minLength':
        return textCheck((text) => [...text].length >= Number(value), `is shorter than ${value} characters`);
      case 'maxLength':
        return textCheck(
          (text) => text.length <= Number(value) || [...text].length <= Number(value),
          `is longer than ${value} characters`,
        );
      case 'pattern':
        return this.#pattern(String(value), at);
      case 'format':
        return this.#format(String(value), at);
      case 'minimum':
        return numberCheck(
          (number) => (written.exclusiveMinimum === true ? number > Number(value) : number >= Number(value)),
          `is less than ${value}`,
        );
      case 'maximum':
        return numberCheck(
          (number) => (written.exclusiveMaximum === true ? number < Number(value) : number <= Number(value)),
          `is more than ${value}`,
        );
      case 'exclusiveMinimum':
        return typeof value === 'number' ? numberCheck((number) => number > value, `is not more than ${value}`) : null;
      case 'exclusiveMaximum':
        return typeof value === 'number' ? numberCheck((number) => number < value, `is not less than ${value}`) : null;
      case 'multipleOf':
        return numberCheck((number) => isMultiple(number, Number(value)), `is no multiple of ${value}`);
      case 'items':
        return this.#items(value, at);
      case 'minItems':
        return listCheck((list) => list.length >= Number(value), `has fewer than ${value} entries`);
      case 'maxItems':
        return listCheck((list) => list.length <= Number(value), `has more than ${value} entries`);
      case 'uniqueItems':
        return value === true ? listCheck(isUnique, 'has an entry twice') : null;
      case 'minProperties':
        return groupCheck((group) => Object.keys(group).length >= Number(value), `has fewer than ${value} properties`);
      case 'maxProperties':
        return groupCheck((group) => Object.keys(group).length <= Number(value), `has more than ${value} properties`);
      case 'required':
        return requiredCheck(Array.isArray(value) ? value.map(String) : []);
      case 'properties':
      case 'additionalProperties':
        // One check for both, made once.
        return word === 'properties' || written.properties === undefined
          ? this.#properties(written, at.slice(0, at.lastIndexOf('/')), schema)
          : null;
      case 'allOf':
      case 'anyOf':
      case 'oneOf':
        return this.#several(word, value, at);
      case 'not': {
        const inner = this.compile(value, at);
        return (found, place, meter) =>
          faultOf(inner, found, place, meter) === '' ? `${place} is what it must not be` : '';
      }
    }
    return undefined;
  }

  #pattern(source: string, at: string): Check | null {
    const matcher = this.#compilePattern(bytesOf(source), false);
    if ('says' in matcher) {
      this.#told.problem(at, `the pattern cannot be used: ${matcher.says}`);
      return null;
    }
    return textCheck((text) => matcher.test(bytesOf(text)), 'does not match its pattern');
  }

  #format(name: string, at: string): Check | null {
    const isSo = Object.hasOwn(formats, name) ? formats[name]! : undefined;
    if (isSo === undefined) this.#told.note(at, `the format "${name}" is not compared`);
    if (isSo === undefined || isSo === null) return null;
    return (value, place) => (isSo(value) ? '' : `${place} is no ${name}`);
  }

  #items(written: unknown, at: string): Check {
    const schema = this.compile(written, at);
    return (value, place, meter) => {
      if (!Array.isArray(value)) return '';
      for (let index = 0; index < value.length; index++) {
        const fault = faultOf(schema, value[index], `${place}[${index}]`, meter);
        if (fault !== '') return fault;
      }
      return '';
    };
  }

  #properties(written: Part, at: string, whole: Schema): Check {
    const named = isPart(written.properties) ? written.properties : {};
    const schemas = new Map(
      Object.entries(named).map(([name, one]) => [
        name,
        this.compile(one, `${at}/properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`),
      ]),
    );
    whole.properties = schemas;
    const { additionalProperties: rest = true } = written;
    const other = rest === true ? null : this.compile(rest, `${at}/additionalProperties`);
    return (value, place, meter) => {
      if (!isPart(value)) return '';
      for (const name of Object.keys(value)) {
        const schema = schemas.get(name) ?? other;
        if (schema === null) continue;
        const where = `${place}.${shown(name)}`;
        if (rest === false && schema === other) return `${where} is not declared`;
        const fault = faultOf(schema, value[name], where, meter);
        if (fault !== '') return fault;
      }
      return '';
    };
  }

  #several(word: 'allOf' | 'anyOf' | 'oneOf', written: unknown, at: string): Check {
    const schemas = (Array.isArray(written) ? written : []).map((one, index) => this.compile(one, `${at}/${index}`));
    return (value, place, meter) => {
      let first = '';
      let fitting = 0;
      for (const schema of schemas) {
        const fault = faultOf(schema, value, place, meter);
        if (fault === '') fitting++;
        else first ||= fault;
      }
      if (word === 'allOf') return first;
      if (fitting === 0) return first;
      return word === 'oneOf' && fitting > 1 ? `${place} is more than one of what it may be` : '';
    };
  }
}

function typesOf({ type, nullable }: Part): readonly string[] {
  const types = (Array.isArray(type) ? type : type === undefined ? [] : [type]).map(String);
  return types.length > 0 && nullable === true ? [...types, 'null'] : types;
}

function typeFault(value: unknown, at: string, types: readonly string[]): string {
  return types.some((type) => isOf(value, type)) ? '' : `${at} is ${kindOf(value)}, not ${types.join(' or ')}`;
}

function isOf(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isPart(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === type;
  }
  return false;
}

/** A kind of value, for people. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return `a text of ${value.length} characters`;
  return typeof value === 'object' ? 'a group' : `a ${typeof value}`;
}

function textCheck(isSo: (text: string) => boolean, says: string): Check {
  return (value, at) => (typeof value !== 'string' || isSo(value) ? '' : `${at} ${says}`);
}

function numberCheck(isSo: (number: number) => boolean, says: string): Check {
  return (value, at) => (typeof value !== 'number' || isSo(value) ? '' : `${at} ${says}`);
}

function listCheck(isSo: (list: readonly unknown[]) => boolean, says: string): Check {
  return (value, at) => (!Array.isArray(value) || isSo(value) ? '' : `${at} ${says}`);
}

function groupCheck(isSo: (group: Part) => boolean, says: string): Check {
  return (value, at) => (!isPart(value) || isSo(value) ? '' : `${at} ${says}`);
}

function requiredCheck(names: readonly string[]): Check {
  return (value, at) => {
    if (!isPart(value)) return '';
    const missing = names.find((name) => !Object.hasOwn(value, name));
    return missing === undefined ? '' : `${at}.${missing} is missing`;
  };
}

function amongCheck(values: readonly unknown[]): Check {
  const texts = new Set(values.map((value) => JSON.stringify(value)));
  return (value, at) => (texts.has(JSON.stringify(value)) ? '' : `${at} is none of the values that it may be`);
}

function isUnique(list: readonly unknown[]): boolean {
  return new Set(list.map((value) => JSON.stringify(value))).size === list.length;
}

/** Because 0.3 / 0.1 is no whole number of binary fractions. */
function isMultiple(number: number, of: number): boolean {
  const times = number / of;
  return Math.abs(times - Math.round(times)) < 1e-9 * Math.max(1, Math.abs(times));
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}

function shown(name: string): string {
  return name.length > 64 ? `${name.slice(0, 63)}…` : name;
}

/** One character a byte of UTF-8, as patterns match. */
function bytesOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** A group of JSON. */
export function isPart(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
