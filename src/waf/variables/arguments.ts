// Arguments, headers and cookies as variables.

import { Pairs } from './pairs.ts';
import type { Facts, Many, Phase, Single } from './variable.ts';

function many(says: string, since: Phase, read: (facts: Facts) => Pairs, examples: Many['examples']): Many {
  return { shape: 'many', says, since, isStable: true, read, examples };
}

function names(says: string, since: Phase, of: (facts: Facts) => Pairs, examples: Many['examples']): Many {
  return many(says, since, (facts) => of(facts).asNames(), examples);
}

const some = (): Pairs => new Pairs(['a', 'B'], ['1', '2']);
const listed = [
  ['a', '1'],
  ['B', '2'],
] as const;
const named = [
  ['a', 'a'],
  ['B', 'B'],
] as const;

export const ARGS: Many = many('The arguments of query and body.', 1, (facts) => facts.args, [
  [{ args: some() }, listed],
]);
export const ARGS_GET: Many = many('The arguments of the query.', 1, (facts) => facts.argsGet, [
  [{ argsGet: some() }, listed],
]);
export const ARGS_POST: Many = many(
  'The arguments of the body: of a form, JSON, or multipart fields.',
  2,
  (facts) => facts.argsPost,
  [[{ argsPost: some() }, listed]],
);
export const ARGS_NAMES: Many = names('The names of all arguments.', 1, (facts) => facts.args, [
  [{ args: some() }, named],
]);
export const ARGS_GET_NAMES: Many = names('The names of the arguments of the query.', 1, (facts) => facts.argsGet, [
  [{ argsGet: some() }, named],
]);
export const ARGS_POST_NAMES: Many = names('The names of the arguments of the body.', 2, (facts) => facts.argsPost, [
  [{ argsPost: some() }, named],
]);
export const REQUEST_HEADERS: Many = {
  ...many('The header fields of the request.', 1, (facts) => facts.headers, [[{ headers: some() }, listed]]),
  comesAgain: 'counts',
};
export const REQUEST_HEADERS_NAMES: Many = {
  ...names('The names of the header fields.', 1, (facts) => facts.headers, [[{ headers: some() }, named]]),
  comesAgain: 'values',
};
export const REQUEST_COOKIES: Many = many('The cookies of the request, as sent.', 1, (facts) => facts.cookies, [
  [{ cookies: some() }, listed],
]);
export const REQUEST_COOKIES_NAMES: Many = names('The names of the cookies.', 1, (facts) => facts.cookies, [
  [{ cookies: some() }, named],
]);

export const ARGS_COMBINED_SIZE: Single = {
  shape: 'one',
  says: 'The length of all names and values of arguments together.',
  since: 1,
  isStable: true,
  examples: [[{ args: some() }, '4']],
  read({ args }) {
    let size = 0;
    for (let index = 0; index < args.count; index++) size += args.names[index]!.length + args.values[index]!.length;
    return String(size);
  },
};
