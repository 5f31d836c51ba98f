// The settings of positive models: what the requests of a site may be.

import { group, oneOf, pathPrefix, text } from './kinds.ts';

/** `model` of a site. */
export const model = group({
  file: text('a file name').describe('An OpenAPI 3 document, YAML or JSON, that says what requests may be.'),
  mode: oneOf('block', 'detect')
    .prefault('block')
    .describe('block refuses what it does not describe, detect only tells.'),
  under: pathPrefix().prefault('/').describe('Only requests under this path are held against it.'),
  undeclared: oneOf('refuse', 'pass')
    .prefault('refuse')
    .describe('What becomes of arguments of the query that it does not declare.'),
});
