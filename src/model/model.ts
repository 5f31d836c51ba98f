// The door of positive models: what a site's requests may be, by an OpenAPI 3 document, and everything else refused or told.

import type { Buffer } from 'node:buffer';
import { isUnder } from '../base/path-prefix.ts';
import { type Built, built, failed, type Problem } from '../base/problem.ts';
import type { Exchange } from '../traffic/exchange.ts';
import { pass, type Reason, type Refusal, type Verdict } from '../traffic/verdict.ts';
import { BodyJudge } from './body-judge.ts';
import { judgeBody, judgeBodyHead, judgeParameters, mediaTypeOf, schemaFor, wrong } from './judgement.ts';
import { Learner } from './learner.ts';
import type { Learnt } from './learnt.ts';
import { compileDocument, type Document, type Operation } from './openapi.ts';
import type { CompilePattern } from './schema.ts';
import { unicode } from './texts.ts';

/** The model of one site as its owner named it. */
export interface ModelSettings {
  /** Absolute name of the document. */
  readonly file: string;
  readonly mode: 'block' | 'detect';
  /** Only requests under this path are held against it. */
  readonly under: string;
  /** What becomes of arguments of the query that are not declared. */
  readonly undeclared: 'refuse' | 'pass';
}

export { emptyLearnt, type Learnt, maxShapes, mergeLearnt, routesIn } from './learnt.ts';
export { proposalOf } from './proposal.ts';

export interface ModelledSite {
  readonly name: string;
  /** Paths under which its requests are learnt; none for not at all. */
  readonly learn: readonly string[];
  readonly model: ModelSettings | null;
}

export interface ModelTools {
  /** The text of a document; rejects where it cannot be read. */
  readonly read: (file: string) => Promise<string>;
  /** A document as data, or what is wrong with it. */
  readonly parse: (text: string) => { readonly value: unknown } | { readonly says: string };
  readonly compilePattern: CompilePattern;
  /** Longest body that is looked into, in bytes. */
  readonly maxBodyBytes: number;
}

/** Every `why` of this station. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'model/unknown-path': row('The model of the site has no such path.', 'Add the path to the document'),
  'model/wrong-method': row('The model has the path, and not with this method.', 'Add the operation to the document'),
  'model/undeclared': row(
    'The query has an argument that the model does not declare.',
    'Add the parameter to the document, or set `undeclared: pass`',
  ),
  'model/too-many': row('There are more arguments than are held against a model.', 'Nothing: no site needs a thousand'),
  'model/missing': row('Something that the model requires is missing.', 'Do not require it in the document'),
  'model/wrong-value': row('A value is not what the model says that it is.', 'Widen its schema in the document'),
  'model/wrong-type': row('The body has a type that the model does not declare.', 'Add the media type to the document'),
  'model/unexpected-body': row(
    'The request has a body where the model knows of none.',
    'Add a `requestBody` to the document',
  ),
  'model/unreadable-body': row(
    'The body is compressed, or longer than what is held against a model.',
    'Send it plain, or raise `waf.max_inspected`',
  ),
});

function row(says: string, allow: string): Reason {
  return { says, allow: `${allow}, or set \`model.mode: detect\` until it fits.` };
}

/** The number of findings of a model that only tells. */
const findingId = 1_950_000;

/** The model of one site, compiled; null where it has none. */
export type SiteModel = { readonly settings: ModelSettings; readonly document: Document } | null;

/** The station. */
export class Model {
  /** One a site, in the order of the sites. */
  readonly sites: readonly SiteModel[];
  readonly #learners: readonly { readonly site: string; readonly learner: Learner | null }[];
  readonly #maxBodyBytes: number;

  constructor(sites: readonly SiteModel[], learning: readonly ModelledSite[], maxBodyBytes: number) {
    this.sites = sites;
    this.#learners = learning.map(({ name, learn }) => ({
      site: name,
      learner: learn.length > 0 ? new Learner(learn) : null,
    }));
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Holds the head of a request against the model of its site. */
  judge(exchange: Exchange): Verdict {
    const site = this.sites[exchange.siteIndex] ?? null;
    if (site === null || !isUnder(exchange.placingPath, site.settings.under)) return pass;
    const found = site.document.paths.find(unicode(exchange.placingPath));
    if (found === null)
      return this.#told(
        exchange,
        site,
        wrong(
          'model/unknown-path',
          'REQUEST_FILENAME',
          'the model has no such path',
          exchange.placingPath.slice(0, 256),
        ),
      );
    const operation = operationOf(found.value, exchange.method);
    if (operation === null) return pass;
    if (operation === undefined)
      return this.#told(
        exchange,
        site,
        wrong(
          'model/wrong-method',
          'REQUEST_METHOD',
          `the model has the path without ${exchange.method}`,
          exchange.method,
        ),
      );
    const isOpen = site.settings.undeclared === 'pass';
    const fault = judgeParameters(exchange, operation, found.parts, isOpen) ?? judgeBodyHead(exchange, operation);
    if (fault !== null) return this.#told(exchange, site, fault);
    return pass;
  }

  /** A request that nobody objected to by its head: what it looks like is learnt, should it end well. */
  begin(exchange: Exchange): void {
    this.#learners[exchange.siteIndex]?.learner?.begin(exchange);
  }

  /** What keeps its body for that; null where there is nothing to learn. */
  openLesson(exchange: Exchange): BodyJudge | null {
    return this.#learners[exchange.siteIndex]?.learner?.openBody(exchange) ?? null;
  }

  /** An exchange that was begun is over. */
  conclude(exchange: Exchange): void {
    this.#learners[exchange.siteIndex]?.learner?.conclude(exchange);
  }

  /** What was learnt since the last call, by site; null for nothing. */
  takeLearnt(): ReadonlyMap<string, Learnt> | null {
    const all = new Map<string, Learnt>();
    for (const { site, learner } of this.#learners) {
      const learnt = learner?.take() ?? null;
      if (learnt !== null) all.set(site, learnt);
    }
    return all.size === 0 ? null : all;
  }

  /** What keeps the body and holds it against its schema; null where there is nothing to compare. */
  openBody(exchange: Exchange): BodyJudge | null {
    const site = this.sites[exchange.siteIndex] ?? null;
    if (site === null || exchange.bodyLength === 0 || !isUnder(exchange.placingPath, site.settings.under)) return null;
    const methods = site.document.paths.find(unicode(exchange.placingPath))?.value;
    const body = (methods === undefined ? null : operationOf(methods, exchange.method))?.body ?? null;
    const type = mediaTypeOf(exchange);
    const schema = body === null ? null : (schemaFor(body, type) ?? null);
    if (schema === null) return null;
    const tell = (refusal: Refusal | null): Verdict => (refusal === null ? pass : this.#told(exchange, site, refusal));
    const unreadable = (says: string): Verdict => tell(wrong('model/unreadable-body', 'REQUEST_BODY', says));
    return new BodyJudge(
      this.#maxBodyBytes,
      (bytes: Buffer) =>
        exchange.headers.get('content-encoding') === null
          ? tell(judgeBody(schema, type, bytes))
          : unreadable('the body is compressed'),
      () => unreadable(`the body is longer than the ${this.#maxBodyBytes} bytes that are looked into`),
    );
  }

  /** Refuses, or writes down that it would. */
  #told(exchange: Exchange, { settings }: NonNullable<SiteModel>, refusal: Refusal): Verdict {
    if (settings.mode === 'block') return refusal;
    exchange.findings ??= [];
    exchange.findings.push({
      id: findingId,
      detector: 'model',
      phase: 1,
      severity: 'NOTICE',
      score: 0,
      says: `${refusal.why}: ${refusal.says}`,
      place: refusal.evidence?.place ?? '',
      value: refusal.evidence?.value ?? '',
      decoded: [],
    });
    return pass;
  }
}

/** The operation of a method; null where the method is nobody's to declare, undefined where it is missing. */
function operationOf(methods: ReadonlyMap<string, Operation>, method: string): Operation | null | undefined {
  const own = methods.get(method);
  if (own !== undefined) return own;
  if (method === 'HEAD') return methods.get('GET');
  // Browsers ask so before they send what is declared.
  return method === 'OPTIONS' ? null : undefined;
}

/** Reads and compiles the documents of all sites, or says what is wrong with each; paths begin at the root of the settings. */
export async function build(sites: readonly ModelledSite[], tools: ModelTools): Promise<Built<Model>> {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const models: SiteModel[] = [];
  for (const [index, { model }] of sites.entries()) {
    if (model === null) {
      models.push(null);
      continue;
    }
    const path = ['sites', index, 'model', 'file'];
    const document = await documentOf(model.file, tools);
    if ('says' in document) {
      problems.push({
        path,
        code: 'model/bad-document',
        says: document.says,
        instead: 'an OpenAPI 3 document as YAML or JSON',
      });
      continue;
    }
    const compiled = compileDocument(document.value, model.file, path, tools.compilePattern, problems, warnings);
    models.push({ settings: model, document: compiled });
  }
  return problems.length > 0 ? failed(problems) : built(new Model(models, sites, tools.maxBodyBytes), warnings);
}

async function documentOf(file: string, { read, parse }: ModelTools): Promise<{ value: unknown } | { says: string }> {
  let text: string;
  try {
    text = await read(file);
  } catch (error) {
    return { says: `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
  const parsed = parse(text);
  return 'says' in parsed ? { says: `${file} cannot be understood: ${parsed.says}` } : parsed;
}
