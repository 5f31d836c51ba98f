// The request line, its place and its parts as variables.

import type { Facts, Single } from './variable.ts';

function single(
  says: string,
  read: (facts: Facts) => string | null,
  examples: Single['examples'],
  isStable = true,
): Single {
  return { shape: 'one', says, since: 1, isStable, read, examples };
}

const sample = {
  method: 'GET',
  uriRaw: 'http://h/a/b.php?x=1',
  uri: '/a/b.php?x=1',
  filename: '/a/b.php',
  query: 'x=1',
  protocol: 'HTTP/1.1',
};

export const REQUEST_METHOD: Single = {
  ...single('The method, as received.', (facts) => facts.method, [[sample, 'GET']]),
  comesAgain: 'values',
};
export const REQUEST_URI: Single = single('Path and query, without scheme and host.', (facts) => facts.uri, [
  [sample, '/a/b.php?x=1'],
]);
export const REQUEST_URI_RAW: Single = single('The request target as received.', (facts) => facts.uriRaw, [
  [sample, 'http://h/a/b.php?x=1'],
]);
export const REQUEST_FILENAME: Single = single(
  'The path, its %HH decoded, without the query.',
  (facts) => facts.filename,
  [[sample, '/a/b.php']],
);
export const REQUEST_PROTOCOL: Single = {
  ...single('The protocol with its version, such as HTTP/1.1.', (facts) => facts.protocol, [[sample, 'HTTP/1.1']]),
  comesAgain: 'values',
};
export const QUERY_STRING: Single = single('What follows the ? of the target, not decoded.', (facts) => facts.query, [
  [sample, 'x=1'],
]);
export const REQUEST_LINE: Single = single(
  'The whole request line.',
  (facts) => `${facts.method} ${facts.uriRaw} ${facts.protocol}`,
  [[sample, 'GET http://h/a/b.php?x=1 HTTP/1.1']],
);
export const REQUEST_BASENAME: Single = single(
  'The last part of the path, behind its last / or \\.',
  ({ filename }) => filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1),
  [
    [sample, 'b.php'],
    [{ filename: '/a/' }, ''],
  ],
);
export const PATH_INFO: Single = single(
  'The part of the path behind a script; a proxy knows no scripts, so it is empty.',
  (facts) => facts.pathInfo,
  [[{ pathInfo: '' }, '']],
);
export const SCRIPT_FILENAME: Single = single('The path, because a proxy knows no files.', (facts) => facts.filename, [
  [sample, '/a/b.php'],
]);
export const SCRIPT_BASENAME: Single = single('The last part of the path.', REQUEST_BASENAME.read, [[sample, 'b.php']]);

export const REMOTE_ADDR: Single = single(
  'Address of the client, behind trusted proxies too.',
  (facts) => facts.clientAddress,
  [[{ clientAddress: '203.0.113.7' }, '203.0.113.7']],
);
export const REMOTE_HOST: Single = single(
  'The address of the client, because no name is looked up.',
  (facts) => facts.clientAddress,
  [[{ clientAddress: '203.0.113.7' }, '203.0.113.7']],
);
export const REMOTE_PORT: Single = single('Port of the client.', (facts) => String(facts.clientPort), [
  [{ clientPort: 52431 }, '52431'],
]);
export const SERVER_ADDR: Single = single(
  'Address of the gate that the client reached.',
  (facts) => facts.serverAddress,
  [[{ serverAddress: '192.0.2.1' }, '192.0.2.1']],
);
export const SERVER_PORT: Single = single(
  'Port of the gate that the client reached.',
  (facts) => String(facts.serverPort),
  [[{ serverPort: 443 }, '443']],
);
export const SERVER_NAME: Single = single(
  'The host that the client asked for, without port.',
  (facts) => facts.serverName,
  [[{ serverName: 'example.com' }, 'example.com']],
);
export const UNIQUE_ID: Single = single('The id of the exchange.', (facts) => facts.uniqueId, [
  [{ uniqueId: '01JD' }, '01JD'],
]);
export const AUTH_TYPE: Single = single(
  'The scheme of the Authorization header, or nothing.',
  ({ headers }) => headers.get('authorization')?.split(' ', 1)[0] ?? null,
  [],
);
export const REMOTE_USER: Single = single(
  'The user name of Basic credentials, or nothing.',
  ({ headers }) => {
    const text = headers.get('authorization') ?? '';
    if (text.slice(0, 6).toLowerCase() !== 'basic ') return null;
    const pair = Buffer.from(text.slice(6), 'base64').toString('latin1');
    const colon = pair.indexOf(':');
    return colon < 0 ? pair : pair.slice(0, colon);
  },
  [],
);
export const SESSIONID: Single = single(
  'What setsid set.',
  (facts) => facts.sessionId,
  [[{ sessionId: 'a1' }, 'a1']],
  false,
);
export const USERID: Single = single('What setuid set.', (facts) => facts.userId, [[{ userId: 'ann' }, 'ann']], false);
export const WEBAPPID: Single = single('What SecWebAppId says.', (facts) => facts.webAppId, [
  [{ webAppId: 'shop' }, 'shop'],
]);
export const FULL_REQUEST: Single = single(
  'Head and body as text.',
  (facts) => {
    const lines = facts.headers.names.map((name, index) => `${name}: ${facts.headers.values[index]}\n`);
    return `${REQUEST_LINE.read(facts)}\n${lines.join('')}\n${facts.body ?? ''}`;
  },
  [],
);
export const FULL_REQUEST_LENGTH: Single = single(
  'The length of head and body as text.',
  (facts) => String(FULL_REQUEST.read(facts)!.length),
  [],
);
