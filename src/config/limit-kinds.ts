// The kinds of the limits that a site has for its requests, and that each of its paths may have for itself.

import { duration, group, list, pathPrefix, size, whole } from './kinds.ts';

const grpcMessage = () => size('0B', '4GiB').optional();
const grpcMessages = () => whole(1, 1_000_000_000).optional();
const grpcSilence = () => duration('100ms', '24h').optional();

/** Limits of gRPC for the whole gate: none where nobody says one. */
export const grpcLimits = {
  max_grpc_message: grpcMessage().describe('gRPC: the longest message that a client may send; any where missing.'),
  max_grpc_messages: grpcMessages().describe(
    'gRPC: the most messages that a client may send in one call; any number where missing.',
  ),
  max_grpc_answer_message: grpcMessage().describe(
    'gRPC: the longest message that an application may answer; any where missing.',
  ),
  max_grpc_answer_messages: grpcMessages().describe(
    'gRPC: the most messages that an application may answer to one call; any number where missing.',
  ),
  max_grpc_silence: grpcSilence().describe(
    'gRPC: how long a call may be silent both ways; `limits.idle_timeout` where missing.',
  ),
};

/** What one request may take: the same words for a site and for a path of it. Whatever is missing is as it is above. */
export const requestLimits = {
  max_body: size('0B', '1024GiB').optional().describe('The longest request body; `limits.max_body` where missing.'),
  answer_timeout: duration('10ms', '24h')
    .optional()
    .describe(
      'The longest wait for the head of an answer, and between two pieces of its body; `proxy.answer_timeout` where missing.',
    ),
  connect_timeout: duration('10ms', '5m')
    .optional()
    .describe('The longest wait for a connection to an upstream; `proxy.connect_timeout` where missing.'),
  min_body_bytes_per_second: whole(0, 1_000_000_000)
    .optional()
    .describe('The slowest body that is waited for; `limits.min_body_bytes_per_second` where missing.'),
  min_body_grace: duration('0s', '24h')
    .optional()
    .describe('How long a body may be slower than that; `limits.min_body_grace` where missing.'),
  max_grpc_message: grpcMessage().describe(
    'gRPC: the longest message that a client may send; `limits.max_grpc_message` where missing.',
  ),
  max_grpc_messages: grpcMessages().describe(
    'gRPC: the most messages that a client may send in one call; `limits.max_grpc_messages` where missing.',
  ),
  max_grpc_answer_message: grpcMessage().describe(
    'gRPC: the longest message that the application may answer; `limits.max_grpc_answer_message` where missing.',
  ),
  max_grpc_answer_messages: grpcMessages().describe(
    'gRPC: the most messages that the application may answer to one call; `limits.max_grpc_answer_messages` where missing.',
  ),
  max_grpc_silence: grpcSilence().describe(
    'gRPC: how long a call may be silent both ways; `limits.max_grpc_silence` where missing.',
  ),
};

/** `paths` of a site. */
export const limitedPaths = () =>
  list(
    group({
      path: pathPrefix().describe('The path under which they hold.'),
      ...requestLimits,
      max_retries: whole(0, 10)
        .optional()
        .describe("Tries after the first, of what may safely be sent again; the site's `retries.max` where missing."),
      queue_wait: duration('100ms', '10m')
        .optional()
        .describe("The longest wait where all upstreams have enough in hand; the site's `queue.wait` where missing."),
    }),
    'a list of paths with limits, such as - { path: /videos, max_body: 2GiB }',
  )
    .prefault([])
    .describe("Limits of paths in place of the site's; of several that hold, the longest path decides each limit.");
