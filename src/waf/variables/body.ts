// The body of the request, its files, its XML and what its readers objected to, as variables.

import { noPairs, Pairs } from './pairs.ts';
import type { Facts, Many, MultipartFlag, Single } from './variable.ts';

function single(says: string, read: (facts: Facts) => string | null, since: 1 | 2 = 2): Single {
  return { shape: 'one', says, since, isStable: true, read, examples: [] };
}

function many(says: string, read: (facts: Facts) => Pairs): Many {
  return { shape: 'many', says, since: 2, isStable: true, read, examples: [] };
}

function flag(says: string, name: MultipartFlag): Single {
  return single(says, (facts) => (facts.multipart.flags[name] ? '1' : '0'));
}

export const REQUEST_BODY: Single = single(
  'The body as received: of forms, and where ctl:forceRequestBodyVariable asks for it.',
  (facts) => facts.body,
);
export const REQUEST_BODY_LENGTH: Single = single('The length of the body in bytes.', (facts) =>
  String(facts.bodyBytes),
);
export const REQBODY_PROCESSOR: Single = {
  ...single('How the body is read: URLENCODED, MULTIPART, JSON, XML, or nothing.', (facts) => facts.bodyProcessor, 1),
  isStable: false,
  comesAgain: 'values',
};
export const REQBODY_ERROR: Single = single('1 where the body could not be read.', (facts) =>
  facts.bodyError === '' ? '0' : '1',
);
export const REQBODY_ERROR_MSG: Single = single('Why the body could not be read.', (facts) => facts.bodyError);
export const REQBODY_PROCESSOR_ERROR: Single = single('1 where the reader of the body failed.', (facts) =>
  facts.bodyProcessorError === '' ? '0' : '1',
);
export const REQBODY_PROCESSOR_ERROR_MSG: Single = single(
  'Why the reader failed.',
  (facts) => facts.bodyProcessorError,
);
export const URLENCODED_ERROR: Single = single(
  '1 where a form has a broken % encoding.',
  (facts) => (facts.urlEncodedError ? '1' : '0'),
  1,
);
export const INBOUND_DATA_ERROR: Single = single('1 where the body is longer than SecRequestBodyLimit.', (facts) =>
  facts.inboundError ? '1' : '0',
);

export const FILES: Many = many('The file names of uploads, by field.', (facts) => facts.multipart.files);
export const FILES_NAMES: Many = many('The names of the fields that bring files.', (facts) =>
  facts.multipart.files.asNames(),
);
export const FILES_SIZES: Many = many('The sizes of uploads, by field.', (facts) => facts.multipart.sizes);
export const FILES_COMBINED_SIZE: Single = single('The size of all uploads together.', (facts) =>
  String(facts.multipart.combinedSize),
);
export const FILES_TMPNAMES: Many = many(
  'The names of temporary files: none, because nothing is written to disk.',
  (facts) => facts.multipart.files,
);
export const FILES_TMP_CONTENT: Many = many(
  'What the uploads hold, by field, as far as bodies are inspected.',
  (facts) => facts.multipart.contents,
);
export const MULTIPART_FILENAME: Many = many('The file names of uploads, by field.', (facts) => facts.multipart.files);
export const MULTIPART_NAME: Many = many('The names of the fields that bring files.', (facts) =>
  facts.multipart.files.asNames(),
);
export const MULTIPART_PART_HEADERS: Many = {
  ...many('The header lines of each part, by field.', (facts) => facts.multipart.partHeaders),
  comesAgain: 'counts',
};

const strictFlags: readonly MultipartFlag[] = [
  'boundaryQuoted',
  'boundaryWhitespace',
  'dataAfter',
  'dataBefore',
  'error',
  'fileLimitExceeded',
  'headerFolding',
  'invalidHeaderFolding',
  'invalidPart',
  'invalidQuoting',
  'lfLine',
  'missingSemicolon',
];

export const MULTIPART_STRICT_ERROR: Single = single(
  '1 where any of the flags of multipart bodies is set.',
  ({ multipart: { flags } }) => (strictFlags.some((name) => flags[name]) ? '1' : '0'),
);
export const MULTIPART_UNMATCHED_BOUNDARY: Single = flag(
  '1 where a line looks like a boundary and is none.',
  'unmatchedBoundary',
);
export const MULTIPART_BOUNDARY_QUOTED: Single = flag('1 where the boundary is quoted wrongly.', 'boundaryQuoted');
export const MULTIPART_BOUNDARY_WHITESPACE: Single = flag(
  '1 where the boundary has white space.',
  'boundaryWhitespace',
);
export const MULTIPART_CRLF_LF_LINES: Single = flag('1 where lines end in CRLF and in LF.', 'crlfLfLines');
export const MULTIPART_DATA_AFTER: Single = flag('1 where data follows the last boundary.', 'dataAfter');
export const MULTIPART_DATA_BEFORE: Single = flag('1 where data stands before the first boundary.', 'dataBefore');
export const MULTIPART_FILE_LIMIT_EXCEEDED: Single = flag(
  '1 where there are more files than SecUploadFileLimit.',
  'fileLimitExceeded',
);
export const MULTIPART_HEADER_FOLDING: Single = flag('1 where a part header is folded.', 'headerFolding');
export const MULTIPART_INVALID_HEADER_FOLDING: Single = flag(
  '1 where a part header is folded by something else than a space or tab.',
  'invalidHeaderFolding',
);
export const MULTIPART_INVALID_PART: Single = flag('1 where a part has no name.', 'invalidPart');
export const MULTIPART_INVALID_QUOTING: Single = flag('1 where a value is quoted wrongly.', 'invalidQuoting');
export const MULTIPART_LF_LINE: Single = flag('1 where a line ends in LF alone.', 'lfLine');
export const MULTIPART_MISSING_SEMICOLON: Single = flag('1 where a semicolon is missing.', 'missingSemicolon');
export const MULTIPART_SEMICOLON_MISSING: Single = flag('1 where a semicolon is missing.', 'missingSemicolon');

/** The XPath that can be asked: everything, every attribute, or a path of plain names. */
export const XML: Many = {
  ...many(
    'Parts of an XML body by XPath: /* is all its text, //@* every attribute, /a/b//c a path of names.',
    (facts) => facts.xml?.attributes ?? none(),
  ),
  select(facts, selector) {
    const { xml } = facts;
    if (xml === null) return none();
    if (selector === '/*') return pair('/*', xml.text);
    return selector === '//@*' ? xml.attributes : xml.at(selector);
  },
  check(selector) {
    if (selector === '') return 'XML needs an XPath behind its colon';
    if (selector === '/*' || selector === '//@*') return '';
    return isPath(selector)
      ? ''
      : `the XPath ${selector} is not one of /*, //@*, or a path of names and * such as /a/*/c, //b, /a/@id`;
  },
};

function isPath(selector: string): boolean {
  if (!selector.startsWith('/') || selector.endsWith('/') || selector.includes('///')) return false;
  const steps = selector.split('/').filter((step) => step !== '');
  return steps.every((step, index) => {
    const name = step.startsWith('@') && index === steps.length - 1 ? step.slice(1) : step;
    for (const one of name) if ('[]()@=!|<>"\' '.includes(one)) return false;
    return name !== '';
  });
}

function none(): Pairs {
  return noPairs;
}

function pair(name: string, value: string): Pairs {
  const pairs = new Pairs();
  pairs.add(name, value);
  return pairs;
}
