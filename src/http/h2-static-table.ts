// The static table of HPACK (RFC 7541 Appendix A).

import { Field, FieldName } from './h2-field.ts';

const rows: readonly string[] = [
  ':authority',
  ':method=GET',
  ':method=POST',
  ':path=/',
  ':path=/index.html',
  ':scheme=http',
  ':scheme=https',
  ':status=200',
  ':status=204',
  ':status=206',
  ':status=304',
  ':status=400',
  ':status=404',
  ':status=500',
  'accept-charset',
  'accept-encoding=gzip, deflate',
  'accept-language',
  'accept-ranges',
  'accept',
  'access-control-allow-origin',
  'age',
  'allow',
  'authorization',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'etag',
  'expect',
  'expires',
  'from',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'last-modified',
  'link',
  'location',
  'max-forwards',
  'proxy-authenticate',
  'proxy-authorization',
  'range',
  'referer',
  'refresh',
  'retry-after',
  'server',
  'set-cookie',
  'strict-transport-security',
  'transfer-encoding',
  'user-agent',
  'vary',
  'via',
  'www-authenticate',
];

/** The fields from index 1; index 0 is not used. */
export const staticTable: readonly Field[] = ['', ...rows].map((row) => {
  const equals = row.indexOf('=');
  return new Field(new FieldName(equals < 0 ? row : row.slice(0, equals)), equals < 0 ? '' : row.slice(equals + 1));
});

/** The first index of each name. */
export const staticNames: ReadonlyMap<string, number> = new Map(
  rows.map((row, place) => [row.split('=', 1)[0]!, place + 1] as const).reverse(),
);
