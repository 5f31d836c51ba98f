// What can go wrong with a CA: it cannot be reached, or it answers with a problem document (RFC 7807, RFC 8555 6.7).

const prefix = 'urn:ietf:params:acme:error:';
/** Longest sentence of a CA that is kept. */
const maxDetail = 600;
const maxSubproblems = 100;

/** One name's part of a problem. */
export interface Subproblem {
  readonly type: string;
  readonly detail: string;
  /** The name it is about, or ''. */
  readonly name: string;
}

/** A CA that did not answer, or not as a CA does. */
export class CaUnreachable extends Error {
  /** When to come again, in ms from now, where the CA said so. */
  readonly retryAfterMs: number | null;

  constructor(url: string, cause: string, retryAfterMs: number | null = null) {
    super(`${hostOf(url)} cannot be asked: ${cause}`);
    this.retryAfterMs = retryAfterMs;
  }
}

/** A problem that the CA told. */
export class CaProblem extends Error {
  /** Without the common prefix: `rateLimited`, `badNonce`. */
  readonly type: string;
  readonly detail: string;
  readonly status: number;
  /** When to come again, in ms from now, where the CA says so. */
  readonly retryAfterMs: number | null;
  readonly subproblems: readonly Subproblem[];

  constructor(
    type: string,
    detail: string,
    status: number,
    retryAfterMs: number | null,
    subproblems: readonly Subproblem[],
  ) {
    super(sentenceOf(type, detail, subproblems));
    this.type = type;
    this.detail = detail;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.subproblems = subproblems;
  }

  /** Whether it is the CA that has a trouble, not the request: another CA may do better. */
  get isOfCa(): boolean {
    return this.status >= 500 || this.status === 429 || this.type === 'rateLimited' || this.type === 'serverInternal';
  }

  /** Whether the CA would be left alone altogether: a limit that it names is one of what was asked for, such as a name. */
  get isForAll(): boolean {
    return this.status === 503 || (this.status === 429 && this.type !== 'rateLimited');
  }
}

/** Reads a problem document, whatever it holds. */
export function readProblem(value: unknown, status: number, retryAfterMs: number | null): CaProblem {
  const { type, detail, subproblems } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const parts = Array.isArray(subproblems) ? subproblems.slice(0, maxSubproblems).map(subproblemOf) : [];
  return new CaProblem(typeOf(type), shown(detail), status, retryAfterMs, parts);
}

function subproblemOf(value: unknown): Subproblem {
  const { type, detail, identifier } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const name =
    typeof identifier === 'object' && identifier !== null && 'value' in identifier ? shown(identifier.value) : '';
  return { type: typeOf(type), detail: shown(detail), name };
}

function typeOf(type: unknown): string {
  const text = shown(type);
  return text.startsWith(prefix) ? text.slice(prefix.length) : text || 'unknown';
}

/** A foreign text on one line, without control characters, bounded. */
export function shown(value: unknown): string {
  if (typeof value !== 'string') return '';
  let text = '';
  for (const character of value.slice(0, maxDetail)) text += character < ' ' || character === '\x7f' ? ' ' : character;
  return text;
}

function sentenceOf(type: string, detail: string, subproblems: readonly Subproblem[]): string {
  const parts = subproblems.map(({ name, detail: about }) => (name === '' ? about : `${name}: ${about}`));
  return `the CA says ${type}: ${[detail, ...parts].filter((part) => part !== '').join('; ')}`;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : url.slice(0, 100);
}
