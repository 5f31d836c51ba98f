// What an exclusion leaves out, as a few words; and the sites that have them, as the API says.

/** One exclusion; `excused` is how often it had something to excuse since the configuration was loaded. */
export interface Exclusion {
  readonly detector?: string;
  readonly place?: string;
  readonly path?: string;
  readonly method?: string;
  readonly until?: string;
  readonly because?: string;
  readonly excused: number;
}

/** A site, as far as the WAF is concerned. */
export interface WafSite {
  readonly name: string;
  readonly mode: string;
  readonly exclusions: readonly Exclusion[];
}

/** All of them. */
export interface WafSites {
  readonly mode: string;
  readonly threshold: number;
  readonly rules: string;
  readonly paranoia: number;
  readonly sites: readonly WafSite[];
}

/** `1042100 in ARGS:q of GET under /search until 2026-12-31`. */
export function exclusionText({
  detector = 'everything',
  place = 'anywhere',
  path = '/',
  method = '',
  until = '',
}: Exclusion): string {
  return `${detector} in ${place}${method === '' ? '' : ` of ${method}`} under ${path}${until === '' ? '' : ` until ${until}`}`;
}
