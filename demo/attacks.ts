// The guide's five attacks and a good request as data: for the demonstration's printout, the manual and the tests.

/** One thing to send to the shop, and what the gate should make of it. */
export interface Trial {
  /** Kebab-case name. */
  readonly name: string;
  /** What it is, in a few words for people. */
  readonly says: string;
  readonly method: 'GET' | 'POST';
  /** The request target, to be sent exactly so: not normalised, not encoded again. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** How often it is sent; only the attack on the rate needs more than once. */
  readonly count: number;
  /** The station that stops it, or null where it reaches the shop. */
  readonly stoppedBy: 'waf' | 'rates' | null;
  /** The family of the WAF's finding (`sql-injection`), or '' where the WAF has nothing to say. */
  readonly finding: string;
  /** Status of the last answer through the gate. */
  readonly status: number;
  /** What it does to a shop without a gate. */
  readonly harm: string;
}

/** The guide's clean request. */
export const goodRequest: Trial = {
  name: 'good-request',
  says: 'A good request',
  method: 'GET',
  path: '/api/users',
  headers: {},
  body: null,
  count: 1,
  stoppedBy: null,
  finding: '',
  status: 200,
  harm: 'none: it lists the users',
};

/** The guide's five, in an order in which they can be tried one after the other: the one that uses up the rate is last. */
export const attacks: readonly Trial[] = [
  {
    name: 'sql-injection',
    says: 'SQL injection',
    method: 'GET',
    path: '/users?id=1;DROP%20TABLE%20users;--',
    headers: {},
    body: null,
    count: 1,
    stoppedBy: 'waf',
    finding: 'sql-injection',
    status: 403,
    harm: 'the table of users is gone',
  },
  {
    name: 'cross-site-scripting',
    says: 'Cross-site scripting',
    method: 'POST',
    path: '/comment',
    headers: { 'Content-Type': 'application/json' },
    body: '{"text":"<script>steal(cookies)</script>"}',
    count: 1,
    stoppedBy: 'waf',
    finding: 'cross-site-scripting',
    status: 403,
    harm: 'everyone who reads the comments runs the script',
  },
  {
    name: 'attack-tool',
    says: 'A known attack tool',
    method: 'GET',
    path: '/',
    headers: { 'User-Agent': 'sqlmap/1.5' },
    body: null,
    count: 1,
    stoppedBy: 'waf',
    finding: 'scanner',
    status: 403,
    harm: 'the tool goes on to look for holes',
  },
  {
    name: 'path-traversal',
    says: 'Path traversal',
    method: 'GET',
    path: '/files/../../../etc/passwd',
    headers: {},
    body: null,
    count: 1,
    stoppedBy: 'waf',
    finding: 'path-traversal',
    status: 403,
    harm: "any file of the machine is read, the shop's keys among them",
  },
  {
    name: 'too-many-requests',
    says: 'Too many requests',
    method: 'GET',
    path: '/health',
    headers: {},
    body: null,
    count: 600,
    stoppedBy: 'rates',
    finding: '',
    status: 429,
    harm: 'one client keeps the shop busy, or guesses passwords as fast as it likes',
  },
];

/** The trial as a `curl` command to paste into a shell; `caFile` null for plain HTTP. */
export function curlOf(trial: Trial, baseUrl: string, caFile: string | null): string {
  const words = ['curl', ...(caFile === null ? [] : ['--cacert', quoted(caFile)])];
  if (trial.path.includes('..')) words.push('--path-as-is');
  for (const [name, value] of Object.entries(trial.headers)) words.push('-H', quoted(`${name}: ${value}`));
  if (trial.body !== null) words.push('-d', quoted(trial.body));
  if (trial.count === 1) return [...words, quoted(baseUrl + trial.path)].join(' ');
  // Because curl counts by itself, over one connection: a loop in the shell would pay for a handshake each time.
  words.push('-s', '-o', '/dev/null', '-w', `'%{http_code}\\n'`, quoted(`${baseUrl}${trial.path}?[1-${trial.count}]`));
  return `${words.join(' ')} | sort | uniq -c`;
}

/** The word as a POSIX shell reads it back: quoted where it needs to be. */
export function quoted(word: string): string {
  for (const character of word) if (!/[\w./:=@%+,-]/.test(character)) return `'${word.replaceAll("'", "'\\''")}'`;
  return word;
}
