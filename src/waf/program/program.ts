// A compiled rule set: rules as flat records in the order in which they run. Nothing in it is looked up by name.

import type { Disruption, Effect, EngineMode, Macro } from '../actions/action.ts';
import type { Codes } from '../codes.ts';
import type { Comparison, Matcher } from '../operators/operator.ts';
import type { Transformation } from '../transformations/transformation.ts';
import type { Phase, Variable } from '../variables/variable.ts';

/** What a rule looks at. Of `key`, `pattern` and `path` at most one is set. */
export interface Target {
  readonly variable: Variable;
  /** As users write it: `ARGS`. */
  readonly name: string;
  readonly isCount: boolean;
  /** Lower-case name of one member. */
  readonly key: string | null;
  readonly pattern: { test(value: string): boolean } | null;
  /** XPath. */
  readonly path: string | null;
  /** `ARGS:q` or `REQUEST_METHOD`, for members whose name adds nothing. */
  readonly label: string;
}

/** What a rule does not look at. */
export interface Exclusion {
  readonly name: string;
  /** Null: the whole variable. */
  readonly selects: ((lowerName: string) => boolean) | null;
  /** The lower-case name where it excludes one member by name. */
  readonly key: string | null;
}

/** One rule of a chain; a rule without a chain has one link. */
export interface Link {
  readonly targets: readonly Target[];
  readonly exclusions: readonly Exclusion[];
  readonly transformations: readonly Transformation[];
  readonly transformationNames: readonly string[];
  readonly multiMatch: boolean;
  readonly isNegated: boolean;
  readonly operator: string;
  readonly argument: string;
  /** An operator that was built once, or null. */
  readonly matcher: Matcher | null;
  /** An operator whose argument holds macros, or null. Both null: the link always matches. */
  readonly comparison: { readonly operator: Comparison; readonly argument: Macro } | null;
  readonly captures: boolean;
  /** Whether its operator leaves behind where an address is, matched or not. */
  readonly locates: boolean;
  readonly effects: readonly Effect[];
}

/** One rule. `number` is its bit in every set of rules. */
export interface Rule {
  readonly number: number;
  readonly id: number;
  readonly phase: Phase;
  /** `file:line`. */
  readonly at: string;
  readonly message: Macro | null;
  readonly logData: Macro | null;
  /** 0 to 7, or -1. */
  readonly severity: number;
  readonly tags: readonly string[];
  readonly version: string;
  readonly revision: string;
  readonly links: readonly Link[];
  readonly disruption: Disruption;
  readonly status: number;
  /** The rule at which the phase goes on after a match, or -1 for the next one. */
  readonly jump: number;
  readonly isLogged: boolean;
  readonly isAudited: boolean;
}

/** What matched last within a rule, for its record. */
export interface Evidence {
  place: string;
  value: string;
  found: string;
  link: Link | null;
}

/** What directives say beside rules. Sizes in bytes. */
export interface EngineSettings {
  engine: EngineMode;
  requestBodyAccess: boolean;
  requestBodyLimit: number;
  requestBodyNoFilesLimit: number;
  requestBodyLimitAction: 'reject' | 'process';
  jsonDepthLimit: number;
  responseBodyAccess: boolean;
  responseBodyLimit: number;
  responseBodyLimitAction: 'reject' | 'process';
  responseMediaTypes: ReadonlySet<string>;
  argumentSeparator: string;
  argumentsLimit: number;
  uploadFileLimit: number;
  collectionTimeoutSeconds: number;
  auditEngine: EngineMode | 'relevant';
  auditParts: string;
  auditRelevantStatus: { test(value: string): boolean } | null;
  /** Absolute name of the audit log, or null, and its format where it is said. */
  auditLog: string | null;
  auditFormat: 'json' | 'native' | null;
  webAppId: string;
  componentSignatures: readonly string[];
}

/** The rules of a phase: numbers from `start` to before `end`. Starts are multiples of 32, so that sets of rules have words of their own. */
export interface PhaseSpan {
  readonly start: number;
  readonly end: number;
}

/** A rule set. */
export interface Program {
  /** By number; the gaps between phases hold null. */
  readonly rules: readonly (Rule | null)[];
  /** By phase; index 0 is unused. */
  readonly phases: readonly PhaseSpan[];
  readonly settings: Readonly<EngineSettings>;
  readonly files: readonly string[];
}

/** How many words a set of all rules has. */
export function wordsOf(program: Program): number {
  return (program.rules.length + 31) >> 5;
}

/** Many patterns and phrases that are looked for in one pass. */
export interface MemberSet {
  /**
   * `marks` are those of the value. Sets the bit of each wanted member that is found, and clears the others; gives how many were found.
   * Values of one number differ in nothing but the case of ASCII letters.
   */
  matchCodes(value: Codes, marks: number, hits: Uint32Array, wanted: Uint32Array, number: number): number;
  /** Whether a value with these marks may have one of the wanted members. */
  mayMatch(marks: number, wanted: Uint32Array): boolean;
}

/** A question that is no pattern: asked of a value as the chain of transformations leaves it. */
export interface Question {
  readonly rule: number;
  readonly isNegated: boolean;
  readonly matcher: Matcher;
}

/** A member without which a rule is needed. */
export interface Absence {
  readonly member: number;
  readonly rule: number;
}

/** A step of the tree of transformations that rules about one kind of value share; the root changes nothing. */
export interface Node {
  /** The number of its transformation: the same for the same word. */
  readonly word: number;
  /** Marks without which it changes nothing. */
  readonly changes: number;
  /** What it does; null at the root. */
  readonly transformation: Transformation | null;
  readonly next: readonly Node[];
  /** Members that are looked for here, as bits, or null. */
  readonly wanted: Uint32Array | null;
  /** By member that is looked for here: the rules that need it here. */
  readonly rulesOf: ReadonlyMap<number, readonly number[]>;
  /** Of the wanted, members that rules must not find. */
  readonly absences: readonly Absence[];
  readonly questions: readonly Question[];
}

/** Everything that rules of one phase ask of one kind of value. */
export interface View {
  /** Its place among all views of the plan. */
  readonly number: number;
  readonly root: Node;
  /** The set that its members are in. */
  readonly set: MemberSet;
  /** Rules that must be asked wherever there is such a value. */
  readonly present: readonly number[];
}

/** Where the values of one variable go. */
export interface Lane {
  readonly variable: Variable;
  /** XPath, or null. */
  readonly path: string | null;
  /** For members whose names some rules single out. */
  readonly byName: ReadonlyMap<string, View>;
  /** For all others, or null where no rule looks at them. */
  readonly general: View | null;
}

/** Rules one behind another that only reckon with members of TX: begun with the same values there, they leave the same. */
export interface Stretch {
  /** Its place among all stretches, which is also the order in which they come. */
  readonly place: number;
  /** Its rules are live rules from `start` to before `end`. */
  readonly start: number;
  readonly end: number;
  /** Members that it may write. */
  readonly writes: readonly string[];
}

/** What the values of a phase answer, found ahead of its rules. */
export interface Answers {
  /** A bit for each rule that needs to be asked. */
  readonly rules: Uint32Array;
  /** The number under which answers to a link are known; -1 where they are not. */
  bitOf(link: Link): number;
  /** Whether the value answers the link of that number: where not, its operator would not match. */
  isAnswered(value: string, bit: number): boolean;
}

/** How a program is run without asking every rule. */
export interface Plan {
  /** Rules that are asked whatever the request is. */
  readonly always: Uint32Array;
  /** Rules that are asked only where two of their links are answered: the second counts as the rule whose number is as many bits further on as there are in `always`. */
  readonly paired: Uint32Array;
  /** Links whose answers are known ahead, by the numbers of those answers. */
  readonly tells: ReadonlyMap<Link, number>;
  /** By phase; index 0 is unused. */
  readonly lanes: readonly (readonly Lane[])[];
  readonly views: readonly View[];
  /** Words of the largest set of members. */
  readonly memberWords: number;
  /** TX as it is for every transaction before its first rule. */
  readonly beneath: ReadonlyMap<string, string>;
  /** Rules that were left out and would have skipped others. */
  readonly skippers: readonly Rule[];
  readonly stretches: readonly Stretch[];
  /** Members of TX that stretches read or write: where other rules wrote one, every rule is asked again. */
  readonly watched: ReadonlySet<string>;
}
