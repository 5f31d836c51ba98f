// What the file says of the WAF, as settings: a site's own word, or the whole gate's.

import type { Complete } from './schema.ts';
import type { Settings } from './settings.ts';
import type { SiteWafSettings } from './settings-waf.ts';

/** What a site says to the WAF, the whole gate's word where it says nothing. */
export function siteWafOf(own: Complete['sites'][number]['waf'], common: Complete['waf']): SiteWafSettings {
  const graphql = { ...common.graphql, ...withoutUndefined(own.graphql) };
  return {
    mode: own.mode ?? common.mode,
    exclude: own.exclude.map(withoutUndefined),
    threshold: own.threshold ?? common.threshold,
    graphql: {
      introspection: graphql.introspection === 'allow',
      maxDepth: graphql.max_depth,
      maxAliases: graphql.max_aliases,
      maxDirectives: graphql.max_directives,
      maxBatch: graphql.max_batch,
    },
    redirects: {
      parameters: own.redirects.parameters ?? common.redirects.parameters,
      hosts: own.redirects.hosts ?? common.redirects.hosts ?? null,
    },
  };
}

/** The rules of files, or null where the built-in ones hold. */
export function ruleFilesOf(
  { waf, geography }: Pick<Complete, 'waf' | 'geography'>,
  absolute: (name: string) => string,
): Settings['waf']['ruleFiles'] {
  if (waf.crs === undefined && waf.files.length === 0) return null;
  return {
    crs: waf.crs === undefined ? null : absolute(waf.crs),
    setup: waf.setup === undefined ? null : absolute(waf.setup),
    plugins: waf.plugins.map(absolute),
    files: waf.files.map(absolute),
    paranoia: waf.paranoia,
    detectionParanoia: waf.detection_paranoia ?? waf.paranoia,
    inboundThreshold: waf.inbound_threshold,
    outboundThreshold: waf.outbound_threshold,
    inspectAnswers: waf.inspect_answers,
    maxAnswerBytes: waf.max_inspected_answer,
    geography: geography.country === undefined ? null : absolute(geography.country),
  };
}

/** The same value without keys that hold undefined, as exact optional properties want it. */
export function withoutUndefined<T>(value: T): Defined<T> {
  if (typeof value !== 'object' || value === null) return value as Defined<T>;
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>;
}

type Defined<T> = T extends object ? { [K in keyof T]: Exclude<T[K], undefined> } : T;
