// What the schema found wrong, as problems for people, and the value as it would be without the faulty parts.

import type { z } from 'zod';
import { nearest, type Path, type Problem } from '../base/problem.ts';
import type { Detail } from './kinds.ts';

type Issue = z.core.$ZodIssue;

/** Settings that the design names and this version does not know yet. */
const laterKeys: ReadonlyMap<string, { readonly says: string; readonly instead: string }> = new Map([
  ['admin', { says: 'the admin port comes in a later version', instead: 'ask with portcullis status' }],
]);

/** One problem for each thing the schema objects to. */
export function problemsOf(issues: readonly Issue[], prefix: Path = []): Problem[] {
  const problems: Problem[] = [];
  for (const issue of issues) {
    const path = [...prefix, ...(issue.path as (string | number)[])];
    if (issue.code === 'unrecognized_keys') {
      const known = issue.message.split(' ');
      for (const key of issue.keys) problems.push(unknownKey([...path, key], key, known));
    } else if (issue.code === 'invalid_union') {
      const branch = meantBranch(issue.errors);
      if (branch === null) problems.push(wrongValue(issue, path));
      else problems.push(...problemsOf(branch, path));
    } else problems.push(wrongValue(issue, path));
  }
  return problems;
}

/** The problems without those that another one explains: what is missing where its key is misspelt. */
export function withoutEchoes(problems: readonly Problem[]): Problem[] {
  return problems.filter((problem) => !isMisspelt(problem, problems));
}

/** Whether what is missing stands there under a misspelt key, which says enough. */
function isMisspelt(missing: Problem, problems: readonly Problem[]): boolean {
  if (missing.code !== 'config/missing') return false;
  const group = JSON.stringify(missing.path.slice(0, -1));
  return problems.some(
    ({ code, path, instead }) =>
      code === 'config/unknown-key' &&
      instead === `did you mean ${missing.path.at(-1)}?` &&
      JSON.stringify(path.slice(0, -1)) === group,
  );
}

/**
 * `value` without what stands at `paths`, so that the rest can still be judged. A list that holds a fault goes whole,
 * because a list without one element has other numbers than the file.
 */
export function without(value: unknown, paths: readonly Path[]): unknown {
  let rest = value;
  for (const path of paths) {
    const firstIndex = path.findIndex((step) => typeof step === 'number');
    const inList = firstIndex >= 0 && !isRemovable(value, path);
    rest = removed(rest, inList ? path.slice(0, firstIndex) : path);
  }
  return rest;
}

/** Whether the value at `path` is a key that its group can do without. */
function isRemovable(value: unknown, path: Path): boolean {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return false;
    at = (at as Record<string | number, unknown>)[step];
  }
  return typeof path.at(-1) === 'string';
}

function removed(value: unknown, path: Path): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return value;
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? removed(item, rest) : item));
  const entries = Object.entries(value).filter(([key]) => key !== step || rest.length > 0);
  return Object.fromEntries(entries.map(([key, item]) => [key, key === step ? removed(item, rest) : item]));
}

/** The branch of a union that the writer meant: the one whose kind fits, when its contents do not. */
function meantBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const fits = (branch: readonly Issue[]) => branch.every((issue) => issue.path.length > 0 || !isKindIssue(issue));
  return branches.find(fits) ?? null;
}

function isKindIssue(issue: Issue): boolean {
  if (issue.code === 'invalid_union') return meantBranch(issue.errors) === null;
  return issue.code === 'invalid_type' || (issue.code === 'custom' && issue.params === undefined);
}

function unknownKey(path: Path, key: string, known: readonly string[]): Problem {
  const words = path.filter((step) => typeof step === 'string');
  const later = laterKeys.get(words.join('.'));
  if (later !== undefined) return { path, code: 'config/later', ...later };
  const near = nearest(key, known);
  const instead = near === null ? `known here: ${known.join(', ')}` : `did you mean ${near}?`;
  return { path, code: 'config/unknown-key', says: `no setting is called ${quoted(key)} here`, instead };
}

function wrongValue(issue: Issue, path: Path): Problem {
  const detail: Detail = issue.code === 'custom' ? ((issue.params as Detail | undefined) ?? {}) : {};
  const offset = detail.offset === undefined ? {} : { offset: detail.offset };
  if (issue.input === undefined)
    return { path, code: 'config/missing', says: `${path.at(-1)} is missing`, instead: `it is ${issue.message}` };
  if (detail.says !== undefined)
    return {
      path,
      code: 'config/invalid',
      says: detail.says,
      instead: detail.instead ?? `expected ${issue.message}`,
      ...offset,
    };
  const says = `expected ${issue.message}, found ${shown(issue.input)}`;
  const near =
    issue.code === 'invalid_value' && typeof issue.input === 'string'
      ? nearest(issue.input, issue.values.map(String))
      : null;
  const instead = detail.instead ?? flagFor(issue) ?? (near === null ? undefined : `did you mean ${near}?`);
  return { path, code: 'config/invalid', says, ...(instead === undefined ? {} : { instead }) };
}

/** The words that older YAML took for true and false, and this one takes for text. */
function flagFor({ message, input }: Issue): string | undefined {
  if (message !== 'true or false' || typeof input !== 'string') return undefined;
  const word = input.toLowerCase();
  if (['yes', 'on', 'y', 'true'].includes(word)) return 'write true';
  return ['no', 'off', 'n', 'false'].includes(word) ? 'write false' : undefined;
}

/** A value as a person would name it. */
function shown(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of settings';
  return typeof value === 'string' ? quoted(value) : String(value);
}

function quoted(text: string): string {
  return text.length <= 60 ? `"${text}"` : `"${text.slice(0, 60)}…"`;
}
