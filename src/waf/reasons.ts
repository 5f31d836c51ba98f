// Why the WAF refuses: one row a reason, for the counter, the log, and the person who has to let something pass.

import type { Reason } from '../traffic/verdict.ts';

const exclude = 'Exclude the detector for this place: sites[].waf.exclude: [{ detector, place, path, because }].';
const limit = (name: string) => `Raise ${name}, or set waf.mode: detect for the site to see what it would refuse.`;

/** Every `why` of this station. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'waf/sql-injection': { says: 'A value would change the meaning of an SQL statement.', allow: exclude },
  'waf/cross-site-scripting': { says: 'A value would run a script in the page that shows it.', allow: exclude },
  'waf/path-traversal': { says: 'A value would reach a file outside its folder.', allow: exclude },
  'waf/command-injection': { says: 'A value would run a command on the server.', allow: exclude },
  'waf/template-injection': { says: 'A value would be run by the template engine of the page.', allow: exclude },
  'waf/expression-injection': { says: 'A value would be run as an expression of the server.', allow: exclude },
  'waf/serialised-object': { says: "A value would become objects of the sender's choice.", allow: exclude },
  'waf/code-injection': { says: 'A value would be run as code of the server.', allow: exclude },
  'waf/prototype-pollution': { says: 'A name would change what all objects of the application have.', allow: exclude },
  'waf/nosql-injection': {
    says: 'A value would change the meaning of a query of a document database.',
    allow: exclude,
  },
  'waf/ldap-injection': { says: 'A value would change the meaning of an LDAP filter.', allow: exclude },
  'waf/xpath-injection': { says: 'A value would change the meaning of an XPath expression.', allow: exclude },
  'waf/server-side-request': { says: 'A value would make the server call an address inside.', allow: exclude },
  'waf/header-injection': {
    says: 'A value would add lines to the head of an answer, a request or a mail.',
    allow: exclude,
  },
  'waf/open-redirect': {
    says: 'An address that the browser would be sent to leads to another site.',
    allow: 'List the host in waf.redirects.hosts, or leave the argument out of waf.redirects.parameters.',
  },
  'waf/graphql-abuse': {
    says: 'A GraphQL query costs or tells more than any page needs.',
    allow: 'Raise the limit in waf.graphql, or set waf.graphql.introspection: allow, for the site.',
  },
  'waf/file-upload': { says: 'A file would be run by the server, or where it is opened.', allow: exclude },
  'waf/sensitive-path': { says: 'The path is one that only whoever looks for holes asks for.', allow: exclude },
  'waf/anomaly-score': {
    says: 'The rules that matched add up to more than the threshold.',
    allow:
      'Exclude the rule that scored most: sites[].waf.exclude: [{ detector: ID, place, path, because }], or raise waf.inbound_threshold.',
  },
  'waf/rule': {
    says: 'A rule of a rule file refuses it.',
    allow: 'Change the rule, or exclude it: sites[].waf.exclude: [{ detector: ID, place, path, because }].',
  },
  'waf/scanner': { says: 'The client names itself an attack tool.', allow: exclude },
  'waf/xml-entity': {
    says: 'An XML document declares entities, which can read files and fill memory.',
    allow: exclude,
  },
  'waf/evasion': { says: 'A value was encoded or broken in a way that hides what it says.', allow: exclude },
  'waf/body-too-long-to-inspect': {
    says: 'The body is longer than what is inspected.',
    allow: `${limit('waf.max_inspected')} waf.body_over_limit: pass lets the rest through unseen.`,
  },
  'waf/answer-too-long-to-inspect': {
    says: 'The answer is longer than what rules look at, and a rule file refuses such answers.',
    allow: 'Raise SecResponseBodyLimit, or write SecResponseBodyLimitAction ProcessPartial.',
  },
  'waf/compression-bomb': {
    says: 'The compressed body becomes longer than what is decoded for inspection, or far longer than itself.',
    allow: limit('waf.max_inflated or waf.max_inflate_ratio'),
  },
  'waf/broken-encoding': {
    says: 'The body is not what its Content-Encoding says: corrupt, cut short, or with something behind its end.',
    allow: 'Exclude { detector: evasion, place: "REQUEST_HEADERS:content-encoding" } where the application needs it.',
  },
  'waf/encoded-body': {
    says: 'The body is encoded in a way that cannot be undone for inspection, or more than twice.',
    allow: 'Exclude { detector: evasion, place: "REQUEST_HEADERS:content-encoding" } where the application needs it.',
  },
  'waf/unknown-charset': {
    says: 'The body is declared in a character set that cannot be inspected.',
    allow: 'Exclude { detector: evasion, place: "REQUEST_HEADERS:content-type" } where the application needs it.',
  },
  'waf/multipart-malformed': {
    says: 'The multipart body can be read in more than one way.',
    allow: 'Exclude { detector: evasion, place: REQUEST_BODY } for the path that needs it.',
  },
  'waf/too-many-arguments': { says: 'The request has more arguments than allowed.', allow: limit('waf.max_arguments') },
  'waf/json-too-deep': { says: 'The JSON body is nested deeper than allowed.', allow: limit('waf.max_json_depth') },
  'waf/too-costly': {
    says: 'The values are encoded so often that judging them costs too much.',
    allow: 'Send the values with one encoding.',
  },
  'waf/over-budget': {
    says: 'The rules took more CPU time than one request may cost, so that not all of it was judged.',
    allow: 'Raise waf.cpu_budget, or find the dear rule with `portcullis waf bill`.',
  },
  'waf/failed': {
    says: 'The inspection itself failed, so that nothing is known of the request.',
    allow: 'This is a defect of Portcullis: report the journey; waf.mode: detect for the site lets requests pass.',
  },
});
