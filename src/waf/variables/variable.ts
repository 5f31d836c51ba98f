// What a variable is: a word that reads one fact, or a collection of them, of a request and its answer.

import type { Pairs } from './pairs.ts';

/** The phases: request head, request body, answer head, answer body, logging. */
export type Phase = 1 | 2 | 3 | 4 | 5;

/** Everything that the variables of a transaction read. Text is binary: one character a byte. */
export interface Facts {
  readonly method: string;
  /** The target as received. */
  readonly uriRaw: string;
  /** Path and query, without scheme and authority. */
  readonly uri: string;
  readonly filename: string;
  readonly query: string;
  /** `HTTP/1.1`. */
  readonly protocol: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
  readonly serverName: string;
  readonly headers: Pairs;
  readonly cookies: Pairs;
  readonly argsGet: Pairs;
  readonly argsPost: Pairs;
  readonly args: Pairs;
  readonly uniqueId: string;
  /** Milliseconds since 1970 at which the transaction began, and now. */
  readonly startedAt: number;
  now(): number;

  readonly bodyProcessor: string;
  /** Null where no rule may see it. */
  readonly body: string | null;
  readonly bodyBytes: number;
  /** What the reader of the body had to say; '' where it had no trouble. */
  readonly bodyError: string;
  readonly bodyProcessorError: string;
  readonly urlEncodedError: boolean;
  readonly inboundError: boolean;
  readonly outboundError: boolean;
  readonly multipart: MultipartFacts;
  /** All text of an XML body, and its attributes' values by name; null where there is no XML. */
  readonly xml: XmlFacts | null;

  readonly status: number;
  readonly answerProtocol: string;
  readonly answerHeaders: Pairs;
  readonly answerBody: string | null;
  readonly answerBytes: number;
  readonly answerTypeIsListed: boolean;

  readonly matchedVar: string;
  readonly matchedVarName: string;
  readonly matchedVars: Pairs;
  readonly highestSeverity: number;
  readonly environment: Pairs;
  /** What the last `@geoLookup` found. */
  readonly geography: Pairs;
  /** The rule that is asked: `id`, `msg`, `severity`, `rev`, `logdata`. */
  readonly rule: Pairs;
  readonly pathInfo: string;
  readonly sessionId: string;
  readonly userId: string;
  readonly webAppId: string;
  /** A collection that rules write: `tx`, `ip`, `session`, `user`, `global`, `resource`. */
  members(collection: string): Pairs;
  /** One member (lower-case name) of such a collection, or null. */
  member(collection: string, name: string): string | null;
}

/** What a multipart body holds, and how it broke the rules of RFC 7578 and RFC 2046. */
export interface MultipartFacts {
  /** Field name → file name. */
  readonly files: Pairs;
  /** Field name → the file's length. */
  readonly sizes: Pairs;
  /** Field name → its content, as far as it is inspected. */
  readonly contents: Pairs;
  /** Field name → `Name: value` of each part header. */
  readonly partHeaders: Pairs;
  readonly combinedSize: number;
  readonly flags: Readonly<Record<MultipartFlag, boolean>>;
}

export type MultipartFlag =
  | 'boundaryQuoted'
  | 'boundaryWhitespace'
  | 'crlfLfLines'
  | 'dataAfter'
  | 'dataBefore'
  | 'fileLimitExceeded'
  | 'headerFolding'
  | 'invalidHeaderFolding'
  | 'invalidPart'
  | 'invalidQuoting'
  | 'lfLine'
  | 'missingSemicolon'
  | 'semicolonMissing'
  | 'unmatchedBoundary'
  | 'error';

/** An XML body. */
export interface XmlFacts {
  readonly text: string;
  readonly attributes: Pairs;
  /** Elements whose path is asked for: text by the path. */
  at(path: string): Pairs;
}

interface Word {
  /** One sentence for the manual. */
  readonly says: string;
  /** The first phase in which it is known. */
  readonly since: Phase;
  /** Whether rules cannot change it while a phase runs, so that it may be looked at ahead of them. */
  readonly isStable: boolean;
  /** Where it is the same for most requests of a client: its values, or only how many there are of a name. */
  readonly comesAgain?: 'values' | 'counts';
  /** A request or answer, as a test knows it, and what the variable then reads. */
  readonly examples: readonly (readonly [
    facts: Partial<Facts>,
    value: string | readonly (readonly [string, string])[] | null,
  ])[];
}

/** A variable of one value. */
export interface Single extends Word {
  readonly shape: 'one';
  /** Null where it is not there. */
  read(facts: Facts): string | null;
}

/** A variable of many members, each with a name. */
export interface Many extends Word {
  readonly shape: 'many';
  read(facts: Facts): Pairs;
  /** One member by its lower-case name, where that is cheaper than all. */
  one?(facts: Facts, name: string): string | null;
  /** Members that a selector names otherwise than by their names: XPath. */
  select?(facts: Facts, selector: string): Pairs;
  /** What is wrong with a selector, or '' where it can be asked. */
  check?(selector: string): string;
  /** The collection that `setvar` writes, where rules may write it. */
  readonly writes?: string;
}

export type Variable = Single | Many;
