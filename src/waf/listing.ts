// The rules of files as their owner reads them: where each stands, what it says, and for which sites it is excluded.

import type { SitePolicy } from './inspection.ts';
import type { Rule } from './program/program.ts';
import { detectorOf } from './rule-set.ts';

/** One rule. */
export interface ListedRule {
  readonly id: number;
  readonly phase: number;
  /** `file:line`. */
  readonly at: string;
  /** As written, up to its first macro; '' where it has none. */
  readonly message: string;
  /** 1 to 4 where its tags say so, or 0. */
  readonly paranoia: number;
  readonly tags: readonly string[];
  readonly excluded: readonly { readonly site: string; readonly where: string }[];
}

/** The rules in the order in which they run. */
export function listRules(rules: readonly (Rule | null)[], policies: readonly SitePolicy[]): ListedRule[] {
  return rules.flatMap((rule) => (rule === null ? [] : [listed(rule, policies)]));
}

function listed(rule: Rule, policies: readonly SitePolicy[]): ListedRule {
  const { id, phase, at, message, tags } = rule;
  const level = tags.find((tag) => tag.startsWith('paranoia-level/'));
  return {
    id,
    phase,
    at,
    message: message === null ? '' : (message.literal ?? `${message.prefix}…`),
    paranoia: level === undefined ? 0 : Number(level.slice('paranoia-level/'.length)) || 0,
    tags,
    excluded: policies.flatMap(({ site, exclusions }) =>
      exclusions.about(detectorOf(tags), id).map((where) => ({ site, where })),
    ),
  };
}
