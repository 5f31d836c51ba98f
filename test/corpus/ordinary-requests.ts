// Ordinary requests by their shape: what browsers, apps, identity providers, crawlers, trackers and tools send every day.

import type { Request } from '../waf-asking.ts';
import { jsonBodies, jwt } from './ordinary-json.ts';
import { browser, fieldPart, filePart, multipart } from './places.ts';
import { type Chance, fill, templatesOf } from './slots.ts';

type Headers = readonly (readonly [string, string])[];
/** Makes one request of a kind. */
export type Maker = (chance: Chance) => Request;

const encode = encodeURIComponent;
const json: readonly [string, string] = ['Content-Type', 'application/json'];
const form: readonly [string, string] = ['Content-Type', 'application/x-www-form-urlencoded; charset=UTF-8'];
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const linesOf = (name: string): readonly string[] => templatesOf(`ordinary/${name}.txt`).map(({ text }) => text);

const agents = linesOf('agents');
function post(target: string, type: readonly [string, string], body: string, more: Headers = []): Request {
  return { target, headers: [...browser, type, ...more], body };
}

const asJson = (target: string, value: unknown): Request => post(target, json, JSON.stringify(value));

const cookies = linesOf('cookies');
const targets = linesOf('targets');
const oneOf =
  (all: readonly string[]): Maker =>
  (chance) => {
    const target = fill(chance.of(all), chance);
    const headers: [string, string][] = [
      ['User-Agent', fill(chance.of(agents), chance)],
      ['Host', 'www.example.com'],
      [
        'Accept',
        chance.of([
          '*/*',
          'application/json, text/plain, */*',
          'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8',
          'image/avif,image/webp,*/*',
        ]),
      ],
      ['Accept-Language', chance.of(['en-US,en;q=0.5', 'de-DE,de;q=0.9,en;q=0.8', 'fr', 'zh-CN,zh;q=0.9', '*'])],
    ];
    if (chance.below(2) === 0) headers.push(['Cookie', fill(chance.of(cookies), chance)]);
    if (chance.below(2) === 0) headers.push(['Referer', `https://www.example.com${fill(chance.of(all), chance)}`]);
    if (chance.below(4) === 0)
      headers.push(
        ['X-Forwarded-For', fill('203.0.113.«n255», 10.0.0.«n255»', chance)],
        ['X-Forwarded-Proto', 'https'],
      );
    if (chance.below(6) === 0) headers.push(['Authorization', `Bearer ${jwt(chance)}`]);
    if (chance.below(6) === 0) headers.push(['If-None-Match', fill('W/"«hex»"', chance)]);
    if (chance.below(8) === 0)
      headers.push([
        'Origin',
        chance.of(['http://localhost:3000', 'https://app.example.com', 'null', 'capacitor://localhost']),
      ]);
    if (chance.below(8) === 0)
      headers.push(
        ['traceparent', fill('00-«hex»-«hex»-01', chance)],
        ['baggage', 'sentry-environment=production,sentry-release=1.2.3'],
      );
    if (chance.below(8) === 0)
      headers.push(['sec-ch-ua', '"Not/A)Brand";v="8", "Chromium";v="126", "Google Chrome";v="126"']);
    return { target, headers };
  };

/** Kinds of requests by name, with how many of each the corpus has. */
export const makers: readonly (readonly [string, number, Maker])[] = [
  ['navigation', 4000, oneOf(targets)],
  [
    'json api',
    3000,
    (c) =>
      asJson(fill(c.of(['/api/«noun»', '/graphql', '/v1/«noun»/«n»', '/hooks/«hex»', '/csp']), c), c.of(jsonBodies)(c)),
  ],
  [
    'saml',
    60,
    (c) => {
      const assertion = fill(
        '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_«hex»" Destination="https://example.com/acs"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">https://idp.example.net</saml:Issuer><saml:Assertion><saml:Subject><saml:NameID>«first»@example.com</saml:NameID></saml:Subject><saml:AttributeValue xsi:type="xs:string">O\'«Last»</saml:AttributeValue></saml:Assertion></samlp:Response>',
        c,
      );
      return post(
        '/saml/acs',
        form,
        `SAMLResponse=${encode(base64(assertion))}&RelayState=${encode(fill('https://example.com/«noun»?a=1', c))}`,
      );
    },
  ],
  [
    'token request',
    120,
    (c) =>
      post(
        '/oauth/token',
        form,
        fill(
          'grant_type=authorization_code&code=4%2F0A«hex»&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcb&client_id=«hex»&client_secret=«hex»%2B%2F%3D&code_verifier=«hex»',
          c,
        ),
        [['Authorization', `Basic ${base64(fill('«first»:p@ss;w|o&r`d$«n»', c))}`]],
      ),
  ],
  [
    'asp.net form',
    150,
    (c) =>
      post(
        '/Default.aspx',
        form,
        `__VIEWSTATE=${encode(`/wEPDwUK${base64(fill('«hex»«hex»«hex»«hex»', c))}`)}&__EVENTVALIDATION=${encode(`/wEWAg${base64(fill('«hex»«hex»', c))}`)}&__EVENTTARGET=ctl00%24Main%24btn&ctl00%24Main%24txt=${encode(fill("«First»'s «noun»", c))}`,
      ),
  ],
  [
    'webdav',
    100,
    (c) =>
      post(
        fill('/remote.php/dav/files/«first»/«noun»/', c),
        ['Content-Type', 'application/xml; charset=utf-8'],
        fill(
          '<?xml version="1.0" encoding="UTF-8"?><d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"><d:prop><d:getlastmodified/><oc:fileid/><d:displayname>«First»\'s «noun» &amp; «noun»</d:displayname></d:prop></d:propfind>',
          c,
        ),
        [
          ['Depth', '1'],
          ['Destination', fill('https://example.com/remote.php/dav/files/«first»/a%20(1).txt', c)],
        ],
      ),
  ],
  [
    'git',
    60,
    (c) => ({
      target: fill('/«first»/«noun».git/git-upload-pack', c),
      headers: [
        ['User-Agent', 'git/2.43.0'],
        ['Content-Type', 'application/x-git-upload-pack-request'],
        ['Git-Protocol', 'version=2'],
      ],
      body: fill('0014command=ls-refs\n0014agent=git/2.43.00016object-format=sha100010009peel\n000csymrefs\n0000', c),
    }),
  ],
  [
    'upload',
    500,
    (c) =>
      multipart(
        fieldPart('title', fill("«First»'s «noun» & «noun»", c)),
        filePart(
          'file',
          fill(
            c.of([
              '«noun»-«year».pdf',
              "«First»'s «noun» (final).docx",
              'IMG_«n».HEIC',
              'photo «n».jpg',
              '«noun».tar.gz',
              'données «year».xlsx',
              '«noun».svg',
              'main.py',
              '«noun».html',
              '«noun».md',
              'notes.txt',
              '«noun».csv',
              'archive.zip',
              'app.apk',
              '«noun».json',
              'backup «year»-«mm».sql.gz',
              '.eslintrc',
              'photo.min.jpeg',
            ]),
            c,
          ),
          c.of(['image/jpeg', 'application/pdf', 'application/octet-stream', 'text/plain', 'text/csv']),
          c.of([
            '%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>',
            '\xff\xd8\xff\xe0\0\x10JFIF',
            'PK\x03\x04\x14\0',
            'id,name\n1,"O\'Brien"\n',
            '# Notes\n\n- select a <b>table</b>\n',
            '\x89PNG\r\n\x1a\n\0\0\0\rIHDR',
            '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L1 1"/></svg>',
            '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg></svg>',
            'import os\nprint(os.getcwd())\n',
          ]),
        ),
      ),
  ],
  [
    'soap',
    100,
    (c) =>
      post(
        '/ws',
        ['Content-Type', 'text/xml; charset=utf-8'],
        fill(
          '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><m:Find xmlns:m="http://example.org/«noun»"><m:Name>«First» O\'«Last» &amp; Sons</m:Name><m:Max>«n»</m:Max></m:Find></soap:Body></soap:Envelope>',
          c,
        ),
        [['SOAPAction', '"urn:find"']],
      ),
  ],
  [
    'rss and maven',
    60,
    (c) =>
      post(
        '/xml',
        ['Content-Type', 'application/xml'],
        fill(
          '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>«First»\'s «noun»</title><item><link>https://example.com/?a=1&amp;b=2</link><description><![CDATA[<p>«adj» <b>«noun»</b> & more</p>]]></description></item></channel></rss>',
          c,
        ),
      ),
  ],
  [
    'ndjson',
    80,
    (c) =>
      post(
        '/_bulk',
        ['Content-Type', 'application/x-ndjson'],
        fill('{"index":{"_index":"«noun»","_id":"«n»"}}\n{"title":"«First»\'s «noun»","n":«n»}\n', c),
      ),
  ],
  [
    'comment form',
    1200,
    (c) =>
      post(
        '/comments',
        form,
        `author=${encode(fill("«First» O'«Last»", c))}&email=${encode(fill('«first»@example.com', c))}&url=${encode(fill('http://«first».example.org/~«noun»/', c))}&comment=${encode(fill("«adj» «noun»; it's great -- I'd order «n» or more & select the «adj» one!", c))}&submit=Post+Comment&comment_post_ID=«n»&ak_js=«n»`.replaceAll(
          '«n»',
          '7',
        ),
      ),
  ],
];
