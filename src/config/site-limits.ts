// Limits of sites and their paths: what is missing comes from above, and what cannot hold is told.

import { isUnder } from '../base/path-prefix.ts';
import type { Path, Problem } from '../base/problem.ts';
import type { Complete } from './schema.ts';
import type { PathLimits, RequestLimits } from './settings-limits.ts';

type Site = Complete['sites'][number];
type Words = Omit<Site['paths'][number], 'path'>;
/** What a site says of itself in the words of its paths, and those that it has in a group. */
type SiteWords = Omit<Words, 'max_retries' | 'queue_wait'> & Pick<Site, 'retries' | 'queue'>;

/** The limits of a whole site. */
export function siteLimitsOf(site: SiteWords, { limits, proxy }: Pick<Complete, 'limits' | 'proxy'>): RequestLimits {
  return over(site, {
    maxBodyBytes: limits.max_body,
    answerTimeoutMs: proxy.answer_timeout,
    connectTimeoutMs: proxy.connect_timeout,
    queueWaitMs: site.queue.wait,
    maxRetries: site.retries.max,
    minBodyBytesPerSecond: limits.min_body_bytes_per_second,
    minBodyGraceMs: limits.min_body_grace,
    maxGrpcSilenceMs: grpcSilenceOf(limits),
    maxGrpcMessageBytes: limits.max_grpc_message ?? null,
    maxGrpcMessages: limits.max_grpc_messages ?? null,
    maxGrpcAnswerMessageBytes: limits.max_grpc_answer_message ?? null,
    maxGrpcAnswerMessages: limits.max_grpc_answer_messages ?? null,
  });
}

/** How long a gRPC call may be silent where no site says it: as long as a connection. */
export function grpcSilenceOf(limits: Complete['limits']): number {
  return limits.max_grpc_silence ?? limits.idle_timeout;
}

/** The limits of a site's paths, the longest path first: each limit is that of the longest path that names it. */
export function pathLimitsOf(paths: Site['paths'], whole: RequestLimits): PathLimits[] {
  const made: PathLimits[] = [];
  for (const words of [...paths].sort((a, b) => a.path.length - b.path.length)) {
    const above = made.findLast(({ path }) => isUnder(words.path, path)) ?? whole;
    made.push({ ...over(words, above), path: words.path });
  }
  return made.reverse();
}

function over(words: Words, above: RequestLimits): RequestLimits {
  return {
    maxBodyBytes: words.max_body ?? above.maxBodyBytes,
    answerTimeoutMs: words.answer_timeout ?? above.answerTimeoutMs,
    connectTimeoutMs: words.connect_timeout ?? above.connectTimeoutMs,
    queueWaitMs: words.queue_wait ?? above.queueWaitMs,
    maxRetries: words.max_retries ?? above.maxRetries,
    minBodyBytesPerSecond: words.min_body_bytes_per_second ?? above.minBodyBytesPerSecond,
    minBodyGraceMs: words.min_body_grace ?? above.minBodyGraceMs,
    maxGrpcSilenceMs: words.max_grpc_silence ?? above.maxGrpcSilenceMs,
    maxGrpcMessageBytes: words.max_grpc_message ?? above.maxGrpcMessageBytes,
    maxGrpcMessages: words.max_grpc_messages ?? above.maxGrpcMessages,
    maxGrpcAnswerMessageBytes: words.max_grpc_answer_message ?? above.maxGrpcAnswerMessageBytes,
    maxGrpcAnswerMessages: words.max_grpc_answer_messages ?? above.maxGrpcAnswerMessages,
  };
}

/** Paths that can hold for no request, or that say a thing twice. */
export function pathProblems({ sites }: Complete): Problem[] {
  return sites.flatMap((site, index) =>
    site.paths.flatMap((words, at) => {
      const found = problemOf(sites, index, words, at);
      return found === null ? [] : [{ ...found, path: ['sites', index, 'paths', at, ...found.path] }];
    }),
  );
}

function problemOf(sites: readonly Site[], index: number, words: Site['paths'][number], at: number): Problem | null {
  const site = sites[index]!;
  const { path, ...limits } = words;
  if (Object.values(limits).every((limit) => limit === undefined))
    return problem([], 'path-without-limit', `nothing is said of ${path}`, 'write a limit beside it: max_body: 1GiB');
  const first = site.paths.findIndex((other) => other.path === path);
  if (first < at)
    return problem(
      ['path'],
      'double-path',
      `path ${first + 1} of this site is ${path} already`,
      'put all limits of a path into one',
    );
  if (path === site.path)
    return problem(
      ['path'],
      'path-is-site',
      `the whole site is under ${path}`,
      'write its limits at the site itself, beside its `to`',
    );
  if (!isUnder(path, site.path))
    return problem(
      ['path'],
      'path-outside-site',
      `this site serves ${site.path}, and ${path} is not under it`,
      `write a path under ${site.path}, or put it at the site that serves ${path}`,
    );
  const other = siteThatTakes(sites, index, path);
  if (other < 0) return null;
  return problem(
    ['path'],
    'path-of-other-site',
    `site ${other + 1} serves ${site.host.join(', ')} under ${sites[other]!.path}, so no request under ${path} comes here`,
    `write the limits at site ${other + 1}`,
  );
}

/** The site that takes every request under `path` from this one, because its own path is longer; or -1. */
function siteThatTakes(sites: readonly Site[], index: number, path: string): number {
  const { host, path: own } = sites[index]!;
  return sites.findIndex(
    (other, at) =>
      at !== index &&
      other.path.length > own.length &&
      isUnder(path, other.path) &&
      host.every((name) => other.host.includes(name)),
  );
}

function problem(path: Path, slug: string, says: string, instead: string): Problem {
  return { path, code: `config/${slug}`, says, instead };
}
