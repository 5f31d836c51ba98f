// JSON that ordinary programs send: GraphQL, events, orders, reports, editors, chats with models, webhooks.

import { type Chance, fill, templatesOf } from './slots.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const base64url = (text: string): string => Buffer.from(text).toString('base64url');
const agents = templatesOf('ordinary/agents.txt').map(({ text }) => text);

/** A token as identity providers issue it. */
export function jwt(chance: Chance): string {
  const claims = fill(
    '{"sub":"«n»","name":"«First» O\'«Last»","iat":«n»,"roles":["«noun»"],"email":"«first»@example.com"}',
    chance,
  );
  return `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(claims)}.${base64url(fill('«hex»«hex»', chance))}`;
}

const graphqlQueries = [
  'query User($id: ID!) { user(id: $id) { id name posts(first: 10, after: "«hex»") { edges { node { id title } cursor } pageInfo { hasNextPage } } } }',
  'mutation Update($input: «Nick»Input!) { update(input: $input) { «noun» { id ...F } errors { field message } } } fragment F on «Nick» { name price { amount currency } }',
  '{ «noun»(filter: {name: {contains: "«noun»"}, price: {gt: «n»}}, orderBy: [{field: NAME, direction: ASC}]) { nodes { id } totalCount } }',
  'query ($q: String = "«noun» & «noun»") @cached(ttl: 60) { search(query: $q) { __typename ... on «Nick» { id url } } }',
  'subscription { «noun»Changed(id: "«uuid»") { id at by { name } } }',
  'query { a: «noun»(id: 1) { id } b: «noun»(id: 2) { id } c: «noun»(id: 3) { id } me { name team { org { plan { name } } } } }',
];

/** One body of each kind. */
export const jsonBodies: readonly ((chance: Chance) => unknown)[] = [
  (c) => ({
    query: fill(c.of(graphqlQueries), c),
    variables: { id: fill('«n»', c), input: { name: fill("«First» O'«Last»", c) } },
    operationName: null,
  }),
  (c) => ({
    'csp-report': {
      'document-uri': fill('https://example.com/«noun»?a=b', c),
      'violated-directive': "script-src 'self'",
      'original-policy': "default-src 'self'; script-src 'self' 'nonce-abc' https://*.example.com; report-uri /csp",
      'blocked-uri': c.of([
        'inline',
        'eval',
        'data',
        'https://evil.example.net/x.js',
        'chrome-extension://abc/content.js',
      ]),
      'script-sample': c.of(['window.dataLayer = window.dataLayer || []', 'onclick="go()"', '']),
      'line-number': 1,
    },
  }),
  (c) => ({
    events: [
      {
        type: 'track',
        event: fill('«Nick» Viewed', c),
        properties: {
          url: fill('https://example.com/«noun»?utm_source=a&b=c', c),
          title: fill("«First»'s «noun» | «Nick»", c),
          price: 12.5,
          $set: { plan: 'pro' },
        },
        context: { userAgent: fill(c.of(agents), c), page: { path: '/a', referrer: 'https://www.google.com/' } },
        timestamp: fill('«year»-«mm»-«dd»T10:00:00.000Z', c),
      },
    ],
    sentAt: 'now',
  }),
  (c) => ({
    items: Array.from({ length: 1 + c.below(6) }, () => ({
      sku: fill('SKU-«n»/«n»', c),
      title: fill('«adj» «noun» 5" x 7" & «noun»', c),
      qty: c.below(9),
      note: fill("Don't bend; «adj»!", c),
    })),
    address: { street: fill("«n» O'«Last» St. #«n»", c), zip: fill('«n»', c), country: 'IE' },
    coupon: fill('«NOUN»-«n»%', c),
  }),
  (c) => ({
    jsonrpc: '2.0',
    method: fill('«noun».get', c),
    params: [fill('«hex»', c), { limit: 5 }],
    id: c.below(999),
  }),
  (c) => ({
    exception: {
      values: [
        {
          type: 'TypeError',
          value: fill("Cannot read properties of null (reading '«noun»')", c),
          stacktrace: {
            frames: [
              {
                filename: 'https://example.com/app.js',
                function: '<anonymous>',
                lineno: 1,
                context_line: "  const x = document.getElementById('a').innerHTML;",
              },
            ],
          },
        },
      ],
    },
    breadcrumbs: [
      { category: 'ui.click', message: 'body > div#app > button.btn[type="submit"]' },
      { category: 'console', message: fill('«noun» failed: <unknown>', c) },
    ],
    request: { url: fill('http://localhost:3000/«noun»?x=1', c) },
  }),
  (c) => ({
    model: 'm',
    messages: [
      { role: 'system', content: 'You are helpful.' },
      {
        role: 'user',
        content: fill(
          "Write a SQL query that selects all «noun»s where name = '«First»' and explain DROP TABLE; also how do I run `ls -la | grep «noun»`?",
          c,
        ),
      },
    ],
    temperature: 0.7,
  }),
  (c) => ({ op: 'replace', path: fill('/«noun»/0/name', c), value: fill('<b>«noun»</b>', c) }),
  () => ({
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'x',
    type: 'object',
    properties: { a: { $ref: '#/definitions/b', pattern: '^[a-z]+$' } },
  }),
  (c) => ({
    filter: { where: { and: [{ price: { gt: c.below(99) } }, { name: { like: fill('%«noun»%', c) } }] }, limit: 10 },
    sort: ['-created'],
  }),
  (c) => ({
    query: {
      bool: {
        must: [{ match: { title: fill('«adj» «noun»', c) } }],
        filter: [{ range: { price: { gte: 1, lte: c.below(999) } } }],
      },
    },
    aggs: { a: { terms: { field: 'x.keyword' } } },
    size: 0,
  }),
  (c) => ({
    dsl: fill('SELECT «noun», COUNT(*) FROM «noun» WHERE ts > now() - interval 1 hour GROUP BY «noun»', c),
    db: 'metrics',
  }),
  (c) => ({
    email: fill('«first».«last»+«noun»@example.com', c),
    password: c.of([
      "P@ss'w0rd; --x",
      'a"b\\c<d>e',
      "Tr0ub4dor&3 || '1'",
      '$(x){y}`z`',
      'hunter2!',
      "it's-a-secret#1",
      '%27%22<>',
      'correct horse battery staple',
    ]),
    remember: true,
  }),
  (c) => ({
    url: fill('https://hooks.example.net/services/«hex»?token=«hex»', c),
    events: ['push', 'pull_request'],
    secret: fill('«hex»', c),
    active: true,
  }),
  (c) => ({
    avatar: `data:image/png;base64,${base64(fill('\x89PNG«hex»«hex»«hex»«hex»', c))}`,
    bio: fill('«adj» «noun» lover 🇮🇪 | «First> & co', c).replaceAll('«First>', 'me'),
  }),
  (c) => ({ token: jwt(c), deviceId: fill('«uuid»', c), fcm: fill('«hex»:APA91b«hex»_«hex»-«hex»', c) }),
  (c) => ({
    ops: [
      { insert: fill('«Nick»', c) },
      { attributes: { header: 1 }, insert: '\n' },
      { insert: { image: 'https://example.com/a.png' } },
    ],
  }),
  (c) => ({
    type: 'doc',
    content: [
      {
        type: 'paragraph',
        content: [
          {
            type: 'text',
            marks: [{ type: 'link', attrs: { href: fill('https://example.com/«noun»', c) } }],
            text: fill("«First»'s «noun»", c),
          },
        ],
      },
    ],
  }),
  (c) => ({
    template: fill(
      'Hi {{ first_name | default: "there" }}, {% if order.total > 10 %}thanks{% endif %} — {{unsubscribe_url}} «noun»',
      c,
    ),
    subject: fill('{{name}}, your «noun»', c),
  }),
  (c) => ({
    name: fill('«noun»', c),
    cmd: ['npm', 'run', 'build'],
    env: { NODE_ENV: 'production', PATH: '/usr/local/bin:/usr/bin' },
    image: fill('ghcr.io/«first»/«noun»:«n»', c),
    mounts: ['/var/run/docker.sock:/var/run/docker.sock'],
  }),
  (c) => ({
    '@context': 'https://schema.org',
    '@type': 'Product',
    name: fill('«adj» «noun»', c),
    offers: { '@type': 'Offer', price: fill('«n».99', c) },
  }),
  (c) => ({
    alert: {
      condition: fill('avg(«noun».cpu) > «n» && status != "ok"', c),
      expr: fill('rate(x{job="«noun»"}[5m]) > 0.5', c),
      message: '{{ $labels.instance }} is {{ $value | humanize }}',
    },
  }),
  (c) => ({
    ref: 'refs/heads/main',
    commits: [
      {
        id: fill('«hex»', c),
        message: fill(
          "Fix «noun»; don't drop table on update (#«n»)\n\nCo-authored-by: «First» <«first»@example.com>",
          c,
        ),
        added: ['src/a.ts'],
        author: { name: fill("«First» O'«Last»", c) },
      },
    ],
    compare: 'https://example.com/a/b/compare/a...b',
  }),
];
