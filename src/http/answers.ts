// The answers that the gate gives itself: a short page with the id, JSON for those who speak JSON; nothing a stranger could use.

import type { Headers } from '../traffic/headers.ts';
import type { OwnAnswer } from '../traffic/sides.ts';

/** Reason phrases of RFC 9110 15 and RFC 6585 for the statuses we give, and for common ones of upstreams that speak HTTP/2. */
const phrases: Readonly<Record<number, string>> = Object.freeze({
  100: 'Continue',
  103: 'Early Hints',
  200: 'OK',
  201: 'Created',
  202: 'Accepted',
  204: 'No Content',
  206: 'Partial Content',
  301: 'Moved Permanently',
  302: 'Found',
  303: 'See Other',
  304: 'Not Modified',
  307: 'Temporary Redirect',
  308: 'Permanent Redirect',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  417: 'Expectation Failed',
  421: 'Misdirected Request',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  505: 'HTTP Version Not Supported',
});

/** What a visitor is told: what happened and whose turn it is, never which rule. */
const sentences: Readonly<Record<number, string>> = Object.freeze({
  400: 'The request could not be understood as HTTP.',
  403: 'This request looked like an attack and was stopped before it reached the site.',
  404: 'There is no site here by that name.',
  408: 'The request took too long to arrive.',
  413: 'The request is larger than this site accepts.',
  414: 'The address of the request is longer than this site accepts.',
  417: 'The request expects something that this site does not do.',
  429: 'Too many requests in a short time. Please wait a moment.',
  431: 'The request has more or longer header fields than this site accepts.',
  501: 'This site does not understand that kind of request.',
  502: 'The application behind this gate gave no usable answer.',
  503: 'The application behind this gate is not available.',
  504: 'The application behind this gate did not answer in time.',
  505: 'This site does not speak that version of HTTP.',
});

/** The phrase of a status, or a plain one. */
export function phraseOf(status: number): string {
  return phrases[status] ?? 'Error';
}

/** What a visitor is told about a refusal with `status`, in plain ASCII. */
export function sentenceOf(status: number): string {
  return sentences[status] ?? phraseOf(status);
}

/** Does the client speak JSON rather than HTML? */
export function prefersJson(headers: Headers): boolean {
  const accept = headers.get('accept')?.toLowerCase() ?? '';
  if (accept.includes('text/html')) return false;
  if (accept.includes('json')) return true;
  return headers.get('content-type')?.toLowerCase().includes('json') ?? false;
}

/** An answer of our own, without a body where `headOnly`. `extra` holds further field lines, each with its CRLF. */
export function ownAnswer(
  status: number,
  id: string,
  json: boolean,
  headOnly: boolean,
  extra: string,
  now: number,
): OwnAnswer {
  const body = json ? jsonBody(status, id) : htmlBody(status, id);
  const fields = `Date: ${new Date(now).toUTCString()}\r\nContent-Type: ${
    json ? 'application/json' : 'text/html; charset=utf-8'
  }\r\nContent-Length: ${body.length}\r\nCache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nX-Content-Type-Options: nosniff\r\n${
    id === '' ? '' : `X-Request-Id: ${id}\r\n`
  }${extra}`;
  return { status, fields, body: headOnly ? '' : body };
}

/** A redirect: 301 for GET and HEAD, 308 for methods that must not be changed on the way (RFC 9110 15.4.9). `says` tells people why, or is ''. */
export function redirectAnswer(method: string, location: string, id: string, now: number, says = ''): OwnAnswer {
  const status = method === 'GET' || method === 'HEAD' ? 301 : 308;
  const body = says === '' ? '' : `${says}\n`;
  const kind = says === '' ? '' : 'Content-Type: text/plain; charset=utf-8\r\n';
  const fields = `Date: ${new Date(now).toUTCString()}\r\nLocation: ${location}\r\n${kind}Content-Length: ${body.length}\r\nX-Request-Id: ${id}\r\n`;
  return { status, fields, body: method === 'HEAD' ? '' : body };
}

/** An answer of our own as HTTP/1.1 writes it. */
export function ownAnswerText({ status, fields, body }: OwnAnswer, keepAlive: boolean): string {
  return `HTTP/1.1 ${status} ${phraseOf(status)}\r\n${fields}${keepAlive ? '' : 'Connection: close\r\n'}\r\n${body}`;
}

function jsonBody(status: number, id: string): string {
  const error = { status, title: phraseOf(status), detail: sentences[status] ?? '', id };
  return `${JSON.stringify(error)}\n`;
}

function htmlBody(status: number, id: string): string {
  const about = sentences[status] ?? '';
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${status} ${phraseOf(status)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:15vh auto;padding:0 1em;color:#222;background:#fff}
h1{font-size:1.4em}code{font-size:1.05em}@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}</style>
<h1>${status} ${phraseOf(status)}</h1>
<p>${about}</p>
${id === '' ? '' : `<p>If you think this is a mistake, tell the owner of this site this number: <code>${id}</code></p>\n`}</html>
`;
}
