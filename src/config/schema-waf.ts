// The settings of the web application firewall.

import { duration, flag, group, host, list, oneOf, pathPrefix, size, text, whole } from './kinds.ts';

/** What the WAF does with what it finds. */
export const mode = () => oneOf('block', 'detect', 'off');

/** One of the exclusions of a site. */
export const exclusion = group({
  detector: text('a detector such as sql-injection, or the id of a rule')
    .optional()
    .describe('The detector or rule to leave out; all where missing.'),
  place: text('a place such as ARGS:code').optional().describe('The value to leave out; all where missing.'),
  path: pathPrefix().optional().describe('Only under this path.'),
  method: text('a method such as POST', 32).optional().describe('Only with this method.'),
  until: text('a day such as 2026-12-31', 10)
    .optional()
    .describe('The last day on which it holds (UTC); for good where missing.'),
  because: text('a sentence').optional().describe('Why, for whoever reads the file next.'),
});

const threshold = () => whole(1, 1000);
const introspection = () => oneOf('refuse', 'allow');
const graphqlLimit = () => whole(1, 10_000);
const parameters = () => list(text('a name such as return_to', 128), 'a list of names');
const redirectHosts = () => list(host(), 'a list of hosts');

/** Names of arguments that applications send the browser to. */
const redirectParameters: readonly string[] = [
  ...['next', 'next_url', 'redirect', 'redirect_to', 'redirect_uri', 'redirect_url', 'redir', 'return', 'return_to'],
  ...[
    'return_url',
    'return_path',
    'rurl',
    'goto',
    'go',
    'continue',
    'continue_to',
    'forward',
    'forward_to',
    'forward_url',
  ],
  ...['dest', 'destination', 'target_url', 'back', 'back_url', 'success_url', 'cancel_url', 'login_url', 'logout_url'],
  ...['checkout_url', 'callback_url', 'post_logout_redirect_uri', 'relay_state', 'r'],
];

/** `waf` of a site: what it says otherwise than the whole gate. */
export const siteWaf = group({
  mode: mode().optional().describe("What the WAF does here; the whole gate's mode where missing."),
  threshold: threshold()
    .optional()
    .describe('The score from which a request is blocked here; `waf.threshold` where missing.'),
  graphql: group({
    introspection: introspection().optional().describe('Whether clients may ask for the schema here.'),
    max_depth: graphqlLimit().optional().describe('How deep a query may nest here.'),
    max_aliases: graphqlLimit().optional().describe('How many aliases a query may have here.'),
    max_directives: graphqlLimit().optional().describe('How many directives a query may have here.'),
    max_batch: graphqlLimit().optional().describe('How many queries a request may hold here.'),
  })
    .prefault({})
    .describe('GraphQL on this site; `waf.graphql` where missing.'),
  redirects: group({
    parameters: parameters().optional().describe('The arguments that are such addresses here.'),
    hosts: redirectHosts().optional().describe("The hosts that they may lead to here, besides the site's own."),
  })
    .prefault({})
    .describe('Addresses that the browser is sent to; `waf.redirects` where missing.'),
  exclude: list(exclusion, 'a list of exclusions').prefault([]).describe('What the WAF does not look at here.'),
});

/** `waf`: the whole gate's. */
export const waf = group({
  mode: mode().prefault('block').describe('block refuses, detect only tells, off does not look.'),
  rules: oneOf('builtin')
    .prefault('builtin')
    .describe('The rules where neither crs nor files names others, which take their place.'),
  crs: text('a directory')
    .optional()
    .describe('Directory of the OWASP Core Rule Set, 3.3 or 4: its rules take the place of the built-in ones.'),
  paranoia: whole(1, 4).prefault(1).describe('How much the Core Rule Set suspects: 1 little, 4 nearly everything.'),
  detection_paranoia: whole(1, 4)
    .optional()
    .describe('Up to which paranoia rules are told without counting; `waf.paranoia` where missing.'),
  inbound_threshold: whole(1, 10_000)
    .prefault(5)
    .describe('The score of the Core Rule Set from which a request is refused.'),
  outbound_threshold: whole(1, 10_000).prefault(4).describe('The score from which an answer is refused.'),
  setup: text('a file name')
    .optional()
    .describe('The set-up of the Core Rule Set; crs-setup.conf of its directory, or the example, where missing.'),
  plugins: list(text('a directory'), 'a list of directories')
    .prefault([])
    .describe('Directories of plugins of the Core Rule Set.'),
  files: list(text('a file name'), 'a list of rule files')
    .prefault([])
    .describe('Rule files in SecLang, after those of the Core Rule Set; * and ? name several.'),
  inspect_answers: flag().prefault(true).describe('Whether rules of files see the bodies of answers.'),
  max_inspected_answer: size('1KiB', '16MiB')
    .prefault('512KiB')
    .describe('How much of an answer is held until rules have seen it.'),
  threshold: threshold()
    .prefault(5)
    .describe('The score from which the built-in rules block a request; a critical finding has 5.'),
  graphql: group({
    introspection: introspection().prefault('refuse').describe('Whether clients may ask for the schema.'),
    max_depth: graphqlLimit().prefault(20).describe('How deep a query may nest.'),
    max_aliases: graphqlLimit().prefault(60).describe('How many aliases a query may have.'),
    max_directives: graphqlLimit().prefault(50).describe('How many directives a query may have.'),
    max_batch: graphqlLimit().prefault(20).describe('How many queries a request may hold.'),
  })
    .prefault({})
    .describe('What a GraphQL query may ask and have.'),
  redirects: group({
    parameters: parameters()
      .prefault([...redirectParameters])
      .describe('The arguments that are addresses which the browser is sent to; case, - and _ do not count.'),
    hosts: redirectHosts()
      .optional()
      .describe(
        "The hosts that they may lead to, besides the site's own. Where missing, only addresses are refused that are spelt to pass for the site's own.",
      ),
  })
    .prefault({})
    .describe('Open redirects.'),
  max_inspected: size('1KiB', '16MiB').prefault('128KiB').describe('How much of a body is inspected.'),
  body_over_limit: oneOf('refuse', 'pass')
    .prefault('refuse')
    .describe('A body longer than that: refused, or passed with only its beginning inspected.'),
  max_inflated: size('64KiB', '1GiB')
    .prefault('1MiB')
    .describe('How long a compressed body may become when it is decoded to be inspected.'),
  max_inflate_ratio: whole(1, 100_000)
    .prefault(100)
    .describe('How many times its own size it may become, where that is more than is inspected.'),
  max_arguments: whole(1, 100_000).prefault(1000).describe('The most arguments of query and body together.'),
  max_json_depth: whole(1, 1000).prefault(64).describe('The deepest nesting of JSON.'),
  cpu_budget: duration('1ms', '10s')
    .prefault('50ms')
    .describe('CPU time that rules of files may take for one request: one that takes more is refused.'),
  audit_log: text('a file name')
    .optional()
    .describe('File that gets a record of what the WAF found, as ModSecurity writes it; `SecAuditLog` where missing.'),
  audit_format: oneOf('json', 'native')
    .optional()
    .describe("ModSecurity's JSON, a line a record, or its sections; `SecAuditLogFormat`, then json, where missing."),
  audit: oneOf('relevant', 'all', 'off')
    .optional()
    .describe(
      'Which exchanges get a record: those with a finding or a refusal of the WAF, all, or none; `SecAuditEngine`, then relevant, where missing.',
    ),
});
