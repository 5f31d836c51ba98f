// From an OpenAPI 3 document to what each operation takes: paths, parameters and bodies, compiled; with every problem, and whatever is
// passed over named.

import type { Path, Problem } from '../base/problem.ts';
import { Paths } from './paths.ts';
import { type CompilePattern, isPart, type Schema, SchemaCompiler } from './schema.ts';

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly place: 'path' | 'query' | 'header' | 'cookie';
  readonly isRequired: boolean;
  readonly schema: Schema;
  /** What separates the entries of a list in one value; '' where each has a value of its own. */
  readonly separator: string;
}

/** What a body may be: schemas by media type, in lower case. */
export interface Body {
  readonly isRequired: boolean;
  readonly schemas: ReadonlyMap<string, Schema | null>;
}

/** One operation: its parameters by place, and its body. */
export interface Operation {
  readonly parameters: readonly Parameter[];
  readonly body: Body | null;
}

/** The operations of one path, by method. */
export type Methods = ReadonlyMap<string, Operation>;

/** A document, compiled. */
export interface Document {
  readonly paths: Paths<Methods>;
  readonly operations: number;
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
/** Words of a path's group that are no method. */
const pathWords = ['parameters', 'summary', 'description', 'servers', '$ref'];
const separators: Readonly<Record<string, string>> = {
  spaceDelimited: ' ',
  pipeDelimited: '|',
  form: ',',
  simple: ',',
};
/** Most operations of a document. */
const maxOperations = 5000;
/** Notes that are told; further ones only repeat what is clear by then. */
const maxNotes = 20;

type Part = Readonly<Record<string, unknown>>;

/** Compiles a document; what is wrong goes to `problems` and what is passed over to `warnings`, both at `path`. */
export function compileDocument(
  document: unknown,
  name: string,
  path: Path,
  compilePattern: CompilePattern,
  problems: Problem[],
  warnings: Problem[],
): Document {
  const problem = (at: string, says: string): void =>
    void problems.push({
      path,
      code: 'model/bad-document',
      says: `${name} ${at}: ${says}`,
      instead: 'an OpenAPI 3 document',
    });
  const noted = new Set<string>();
  const note = (at: string, says: string): void => {
    if (noted.size >= maxNotes || noted.has(`${at} ${says}`)) return;
    noted.add(`${at} ${says}`);
    warnings.push({
      path,
      code: 'model/passed-over',
      says: `${name} ${at}: ${says}`,
      instead: 'nothing, where that is no loss',
    });
  };
  const paths = new Paths<Methods>();
  if (!isPart(document) || typeof document.openapi !== 'string' || !document.openapi.startsWith('3.')) {
    problem('#', 'it does not begin with openapi: 3.0.x or 3.1.x');
    return { paths, operations: 0 };
  }
  const compiler = new SchemaCompiler(document, compilePattern, { problem, note });
  const reader = new Reader(compiler, note);
  const bases = basesOf(document.servers);
  let operations = 0;
  for (const [template, written] of Object.entries(isPart(document.paths) ? document.paths : {})) {
    if (!template.startsWith('/')) {
      if (!template.startsWith('x-')) problem(`#/paths/${template}`, 'a path begins with /');
      continue;
    }
    const found = reader.methodsOf(written, `#/paths/${template.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    operations += found.size;
    if (operations > maxOperations) {
      problem('#/paths', `more than ${maxOperations} operations`);
      break;
    }
    for (const base of bases)
      if (!paths.add(base + template, found))
        note(`#/paths/${template}`, 'a segment with several open parts is one open part');
  }
  return { paths, operations };
}

/** The paths that servers stand at: a document without servers begins at the root. */
function basesOf(servers: unknown): string[] {
  const urls = (Array.isArray(servers) ? servers : []).flatMap((one) =>
    isPart(one) && typeof one.url === 'string' ? [one.url] : [],
  );
  const bases = urls.map((url) => {
    const from = url.indexOf('://');
    const slash = url.indexOf('/', from < 0 ? 0 : from + 3);
    const base = slash < 0 ? '' : url.slice(slash);
    return base.endsWith('/') ? base.slice(0, -1) : base;
  });
  return bases.length === 0 ? [''] : [...new Set(bases)];
}

/** Reads paths and operations. */
class Reader {
  readonly #compiler: SchemaCompiler;
  readonly #note: (at: string, says: string) => void;

  constructor(compiler: SchemaCompiler, note: (at: string, says: string) => void) {
    this.#compiler = compiler;
    this.#note = note;
  }

  methodsOf(written: unknown, at: string): Map<string, Operation> {
    const found = new Map<string, Operation>();
    const group = this.#followed(written, at);
    if (group === null) return found;
    const common = this.#parameters(group.part.parameters, `${group.at}/parameters`);
    for (const [word, operation] of Object.entries(group.part)) {
      if (methods.includes(word) && isPart(operation))
        found.set(word.toUpperCase(), this.#operation(operation, `${group.at}/${word}`, common));
      else if (!pathWords.includes(word) && !word.startsWith('x-')) this.#note(group.at, `\`${word}\` is not compared`);
    }
    return found;
  }

  #operation(written: Part, at: string, common: readonly Parameter[]): Operation {
    const own = this.#parameters(written.parameters, `${at}/parameters`);
    const others = common.filter(({ name, place }) => !own.some((one) => one.name === name && one.place === place));
    return { parameters: [...others, ...own], body: this.#body(written.requestBody, `${at}/requestBody`) };
  }

  #parameters(written: unknown, at: string): Parameter[] {
    return (Array.isArray(written) ? written : []).flatMap((one, index) => {
      const found = this.#followed(one, `${at}/${index}`);
      const parameter = found === null ? null : this.#parameter(found.part, found.at);
      return parameter === null ? [] : [parameter];
    });
  }

  #parameter(written: Part, at: string): Parameter | null {
    const { name, in: place, required, schema, style, explode, content } = written;
    if (typeof name !== 'string' || !isPlace(place)) {
      this.#note(at, 'a parameter without name or place is passed over');
      return null;
    }
    const usual = place === 'query' || place === 'cookie' ? 'form' : 'simple';
    const chosen = typeof style === 'string' ? style : usual;
    const isOpen = !Object.hasOwn(separators, chosen) || content !== undefined;
    if (isOpen) this.#note(at, `values of style ${content === undefined ? chosen : 'content'} are not compared`);
    const isSpread = chosen === 'form' && explode !== false;
    return {
      name: place === 'header' ? name.toLowerCase() : name,
      place,
      isRequired: required === true || place === 'path',
      schema: this.#compiler.compile(isOpen || schema === undefined ? true : schema, `${at}/schema`),
      separator: isSpread ? '' : (separators[chosen] ?? ''),
    };
  }

  #body(written: unknown, at: string): Body | null {
    if (written === undefined) return null;
    const found = this.#followed(written, at);
    if (found === null) return null;
    const schemas = new Map<string, Schema | null>();
    for (const [type, media] of Object.entries(isPart(found.part.content) ? found.part.content : {})) {
      const schema = isPart(media) ? media.schema : undefined;
      const place = `${found.at}/content/${type.replaceAll('/', '~1')}/schema`;
      if (schema !== undefined && !isCompared(type)) this.#note(place, `bodies of ${type} are not looked into`);
      schemas.set(
        type.toLowerCase(),
        schema === undefined || !isCompared(type) ? null : this.#compiler.compile(schema, place),
      );
    }
    return { isRequired: found.part.required === true, schemas };
  }

  #followed(written: unknown, at: string): { readonly part: Part; readonly at: string } | null {
    let found = isPart(written) ? { part: written, at } : null;
    for (let steps = 0; found !== null && found.part.$ref !== undefined && steps < 16; steps++)
      found = this.#compiler.resolve(found.part.$ref, found.at);
    return found;
  }
}

function isPlace(place: unknown): place is Parameter['place'] {
  return place === 'path' || place === 'query' || place === 'header' || place === 'cookie';
}

/** Whether bodies of this type are read: JSON and forms. */
export function isCompared(type: string): boolean {
  const bare = type.toLowerCase();
  return bare === 'application/json' || bare.endsWith('+json') || bare === 'application/x-www-form-urlencoded';
}
