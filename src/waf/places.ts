// The kinds of place a value can stand in, how a finding names them, and which detectors make sense there.

/** Detectors as bits. */
export const SQL = 1;
export const HTML = 2;
export const PATH = 4;
export const SHELL = 8;

/** Code, templates, expressions, objects and prototypes. */
export const CODE = 16;
/** NoSQL, LDAP and XPath. */
export const QUERY = 32;
export const ADDRESS = 64;
export const HEADER = 128;
export const XML = 256;
export const GRAPHQL = 512;

const ALL = SQL | HTML | PATH | SHELL | CODE | QUERY | XML;
const VALUE = ALL | ADDRESS | HEADER | GRAPHQL;

/** One kind of place. */
export interface Place {
  /** What a finding's place begins with: `ARGS`, `REQUEST_HEADERS`, … */
  readonly collection: string;
  /** The detectors that judge values here. */
  readonly runs: number;
  /** Whether the value is a path or file name, so that any climb is an attack. */
  readonly isPath: boolean;
  /** Whether the value may itself be JSON whose parts are then judged one by one. */
  readonly embedsJson: boolean;
  /** Whether the value is the name of something. */
  readonly isName: boolean;
  /** Whether it stands in the head of the request. */
  readonly inHead: boolean;
}

type Traits = Partial<Pick<Place, 'isPath' | 'embedsJson' | 'isName' | 'inHead'>>;

function place(collection: string, runs: number, traits: Traits = {}): Place {
  return { collection, runs, isPath: false, embedsJson: false, isName: false, inHead: false, ...traits };
}

/** The path as a whole: no SQL or shell command spans its segments, and a climb does. */
export const wholePath = place('REQUEST_FILENAME', HTML | PATH | CODE | HEADER, { isPath: true, inHead: true });
/** One segment of the path, or a matrix parameter in it. */
export const pathSegment = place('REQUEST_FILENAME', ALL, { inHead: true });
/** An argument of the query. */
export const queryArgument = place('ARGS', VALUE, { embedsJson: true, inHead: true });
export const argument = place('ARGS', VALUE, { embedsJson: true });
export const argumentName = place('ARGS_NAMES', ALL | HEADER, { isName: true });
export const cookie = place('REQUEST_COOKIES', ALL | HEADER | ADDRESS, { embedsJson: true, inHead: true });
export const cookieName = place('REQUEST_COOKIES_NAMES', ALL, { isName: true });
export const header = place('REQUEST_HEADERS', ALL | HEADER, { inHead: true });
export const headerName = place('REQUEST_HEADERS_NAMES', SQL | HTML | SHELL, { isName: true });
/** A User-Agent by its syntax: its comments are full of the `;` behind which a shell would see commands. */
export const agentText = place('REQUEST_HEADERS', SQL | HTML | PATH | CODE, { inHead: true });
/** The path inside a Referer: relative steps are common in hand-made links. */
export const referredPath = place('REQUEST_HEADERS', SQL | HTML | PATH | CODE, { inHead: true });
/** The password of Basic credentials, which may look like a command or a path. */
export const password = place('REQUEST_HEADERS', SQL | HTML);
export const jsonValue = place('JSON', VALUE, { embedsJson: true });
export const jsonName = place('JSON_NAMES', ALL, { isName: true });
export const fileName = place('FILES_NAMES', ALL, { isPath: true });
export const bodyText = place('REQUEST_BODY', VALUE);
export const xmlText = place('XML', VALUE);

/** The collections an exclusion may name. */
export const collections: readonly string[] = [
  'REQUEST_FILENAME',
  'ARGS',
  'ARGS_NAMES',
  'REQUEST_COOKIES',
  'REQUEST_COOKIES_NAMES',
  'REQUEST_HEADERS',
  'REQUEST_HEADERS_NAMES',
  'JSON',
  'JSON_NAMES',
  'FILES_NAMES',
  'REQUEST_BODY',
  'XML',
];

/** How a place reads in a finding: `ARGS:id`, or the collection alone for a value without a name. */
export function placeName(place: Place, name: string): string {
  return name === '' ? place.collection : `${place.collection}:${name.length > 128 ? `${name.slice(0, 127)}…` : name}`;
}

/** What becomes of a header's value. `list`: comma and semicolon lists, harmless while they are well formed. */
export type HeaderKind = 'skip' | 'list' | 'text' | 'agent' | 'url' | 'cookie' | 'credentials';

/** Headers by what they hold; any other is `text`. Skipped are those whose syntax the HTTP station has already judged. */
export const headerKinds: ReadonlyMap<string, HeaderKind> = new Map<string, HeaderKind>([
  ['host', 'skip'],
  ['connection', 'skip'],
  ['content-length', 'skip'],
  ['transfer-encoding', 'skip'],
  ['upgrade', 'skip'],
  ['te', 'skip'],
  ['trailer', 'skip'],
  ['expect', 'skip'],
  ['keep-alive', 'skip'],
  ['user-agent', 'agent'],
  ['referer', 'url'],
  ['origin', 'url'],
  ['cookie', 'cookie'],
  ['authorization', 'credentials'],
  ['proxy-authorization', 'credentials'],
  ['accept', 'list'],
  ['accept-charset', 'list'],
  ['accept-encoding', 'list'],
  ['accept-language', 'list'],
  ['access-control-request-headers', 'list'],
  ['access-control-request-method', 'list'],
  ['cache-control', 'list'],
  ['content-disposition', 'list'],
  ['content-encoding', 'list'],
  ['content-language', 'list'],
  ['content-type', 'list'],
  ['dnt', 'list'],
  ['forwarded', 'list'],
  ['if-match', 'list'],
  ['if-none-match', 'list'],
  ['pragma', 'list'],
  ['prefer', 'list'],
  ['priority', 'list'],
  ['range', 'list'],
  ['sec-ch-ua', 'list'],
  ['sec-ch-ua-full-version-list', 'list'],
  ['sec-ch-ua-mobile', 'list'],
  ['sec-ch-ua-platform', 'list'],
  ['sec-fetch-dest', 'list'],
  ['sec-fetch-mode', 'list'],
  ['sec-fetch-site', 'list'],
  ['sec-fetch-user', 'list'],
  ['sec-gpc', 'list'],
  ['sec-websocket-extensions', 'list'],
  ['sec-websocket-key', 'list'],
  ['sec-websocket-protocol', 'list'],
  ['sec-websocket-version', 'list'],
  ['upgrade-insecure-requests', 'list'],
  ['via', 'list'],
  ['x-forwarded-for', 'list'],
  ['x-forwarded-host', 'list'],
  ['x-forwarded-proto', 'list'],
  ['x-real-ip', 'list'],
  ['x-requested-with', 'list'],
]);
