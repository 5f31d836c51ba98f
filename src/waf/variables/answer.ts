// The answer of the application as variables.

import { Pairs } from './pairs.ts';
import type { Facts, Many, Single } from './variable.ts';

function single(
  says: string,
  since: 3 | 4,
  read: (facts: Facts) => string | null,
  examples: Single['examples'] = [],
): Single {
  return { shape: 'one', says, since, isStable: true, read, examples };
}

export const RESPONSE_STATUS: Single = single(
  'The status of the answer.',
  3,
  (facts) => (facts.status === 0 ? null : String(facts.status)),
  [[{ status: 404 }, '404']],
);
export const STATUS_LINE: Single = single(
  'The status line of the answer.',
  3,
  (facts) => `${facts.answerProtocol} ${facts.status}`,
  [[{ status: 404, answerProtocol: 'HTTP/1.1' }, 'HTTP/1.1 404']],
);
export const STATUS: Single = single('The status of the answer.', 3, RESPONSE_STATUS.read);
export const RESPONSE_PROTOCOL: Single = single('The protocol of the answer.', 3, (facts) => facts.answerProtocol, [
  [{ answerProtocol: 'HTTP/1.1' }, 'HTTP/1.1'],
]);
export const RESPONSE_HEADERS: Many = {
  shape: 'many',
  says: 'The header fields of the answer.',
  since: 3,
  isStable: true,
  examples: [[{ answerHeaders: new Pairs(['A'], ['1']) }, [['A', '1']]]],
  read: (facts) => facts.answerHeaders,
};
export const RESPONSE_HEADERS_NAMES: Many = {
  ...RESPONSE_HEADERS,
  says: 'The names of the header fields of the answer.',
  examples: [[{ answerHeaders: new Pairs(['A'], ['1']) }, [['A', 'A']]]],
  read: (facts) => facts.answerHeaders.asNames(),
};
export const RESPONSE_CONTENT_TYPE: Single = single(
  'The Content-Type of the answer.',
  3,
  (facts) => facts.answerHeaders.get('content-type') ?? '',
);
export const RESPONSE_CONTENT_LENGTH: Single = single('The length of the body of the answer.', 4, (facts) =>
  String(facts.answerBytes),
);
export const RESPONSE_BODY: Single = single(
  'The body of the answer, where its media type is listed and it is not too long.',
  4,
  (facts) => facts.answerBody,
);
export const OUTBOUND_DATA_ERROR: Single = single(
  '1 where the answer is longer than SecResponseBodyLimit.',
  4,
  (facts) => (facts.outboundError ? '1' : '0'),
);
export const RESBODY_PROCESSOR: Single = single('How the body of the answer is read: not at all.', 3, () => '');

/** The place of an address on earth. */
export const GEO: Many = {
  shape: 'many',
  says: 'What the last @geoLookup found, as far as the database knows it: COUNTRY_CODE, COUNTRY_NAME, COUNTRY_CONTINENT, REGION, CITY, POSTAL_CODE, LATITUDE, LONGITUDE.',
  since: 1,
  isStable: false,
  examples: [[{ geography: new Pairs(['COUNTRY_CODE'], ['DE']) }, [['COUNTRY_CODE', 'DE']]]],
  read: (facts) => facts.geography,
};
