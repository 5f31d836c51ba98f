// The HTTP station's door: our HTTP/1.1 codec, the table of sites, the answers we give ourselves, and the reasons for refusing.

import type { MultiplexedCodec } from '../traffic/multiplexed.ts';
import type { Reason } from '../traffic/verdict.ts';
import type { AnswerCodec, HeadLimits } from '../traffic/wire.ts';
import { readAnswerHead } from './answer-head.ts';
import { openBody } from './body.ts';
import { SeenFields } from './fields.ts';
import { Http2Client } from './h2-client.ts';
import { Http2Tools } from './h2-stream.ts';

export { ownAnswer, phraseOf, prefersJson, redirectAnswer } from './answers.ts';
export { openBody as openRequestBody } from './body.ts';
export { ChallengeAnswers, type ChallengeToken } from './challenge-answers.ts';
export { buildClientResolver, type ClientResolver } from './client.ts';
export { ClientGuard } from './client-guard.ts';
export type { ClientHandler, ClientLimits, Http2Handler, StreamHandler } from './client-handler.ts';
export { Compression, type CompressionSettings } from './compression.ts';
export type { Compressor } from './compressor.ts';
export { contentCodings } from './content-decoder.ts';
export { SeenFields } from './fields.ts';
export { grpcAnswer, grpcTrailers } from './grpc-answer.ts';
export { GrpcMessages } from './grpc-messages.ts';
export { ClientSide } from './h1.ts';
export { Http1Stream } from './h1-stream.ts';
export { preface } from './h2-frames.ts';
export { isGrpcType } from './h2-request.ts';
export { Http2Side } from './h2-side.ts';
export { Http2Tools } from './h2-stream.ts';
export { readRequestHead } from './request.ts';
export { bodyTooLong, limitsFor, type RequestLimits } from './site-limits.ts';
export { type SitePlace, Sites } from './sites.ts';
export { placingPath } from './target.ts';

/** The codec's half that reads answers, for the proxy. */
export function answerCodec(limits: HeadLimits): AnswerCodec {
  const seen = new SeenFields();
  return {
    readAnswerHead: (bytes, from, to, toMethod) => readAnswerHead(bytes, from, to, toMethod, limits, seen),
    openAnswerBody: (head) => openBody(head.framing, head.contentLength),
  };
}

/** HTTP/2 as we ask with it, for the proxy. `now` in milliseconds, monotonic. */
export function http2Codec(limits: HeadLimits, now: () => number): MultiplexedCodec {
  const tools = new Http2Tools(now);
  return { open: (owner) => new Http2Client(owner, limits, tools) };
}

const asHttp = 'send HTTP as RFC 9112 writes it; nothing here is a matter of settings';

const asHttp2 = 'send HTTP/2 as RFC 9113 writes it; nothing here is a matter of settings';

const asCalm = 'raise `limits.max_control_frames_per_second`';

const asUpstream = 'correct the application; the gate answers 502 and says what was wrong with its answer';

function refusal(says: string, allow = asHttp): Reason {
  return Object.freeze({ says, allow });
}

/** Every reason why bytes are not a request we take, what it means, and how its owner lets it pass where that is right. */
export const reasons: Readonly<Record<string, Reason>> = Object.freeze({
  'http/bare-lf': refusal('a line ends in LF without CR: readers disagree on where it ends'),
  'http/bare-cr': refusal('a CR stands without LF: readers disagree on whether the line ends'),
  'http/folded-field': refusal('a header line is folded: readers disagree on what it belongs to'),
  'http/space-before-colon': refusal('white space before the colon of a field: some readers see another name'),
  'http/empty-name': refusal('a header line without a name'),
  'http/bad-name': refusal('a field name with a character that names cannot have'),
  'http/bad-value': refusal('a field value with a control character'),
  'http/too-many-fields': refusal('more header fields than the limit', 'raise `limits.max_headers`'),
  'http/header-too-long': refusal('header fields longer than the limit', 'raise `limits.max_header`'),
  'http/target-too-long': refusal('a request line longer than the limit', 'raise `limits.max_request_line`'),
  'http/bad-method': refusal('a method that is not in capital letters, or longer than any that exists'),
  'http/bad-request-line': refusal('the request line is not "method target HTTP/1.1"'),
  'http/version': refusal('an HTTP version that this connection does not speak'),
  'http/connect': refusal('CONNECT asks for a forward proxy'),
  'http/trace': refusal('TRACE reflects credentials'),
  'http/no-host': refusal('an HTTP/1.1 request without Host'),
  'http/repeated-host': refusal('more than one Host: readers disagree on which counts'),
  'http/bad-host': refusal('a Host that is no host'),
  'http/authority-mismatch': refusal('target and Host name different hosts'),
  'http/bad-target': refusal('a target that is neither path nor URL'),
  'http/asterisk-form': refusal('the target "*" with a method other than OPTIONS'),
  'http/two-lengths': refusal('Content-Length and Transfer-Encoding together: the root of request smuggling'),
  'http/repeated-length': refusal('Content-Length more than once'),
  'http/bad-length': refusal('a Content-Length that is no plain number'),
  'http/chunked-in-1.0': refusal('Transfer-Encoding in HTTP/1.0: old readers do not know it'),
  'http/transfer-encoding': refusal('a transfer coding other than one "chunked"'),
  'http/connection-field': refusal('a Connection field that is no list of words, or a very long one'),
  'http/connection-nominates': refusal('Connection asks us to drop an end-to-end field'),
  'http/ambiguous-name': refusal(
    'a field name with `_`, `.` or the like that applications confuse with one that frames or routes',
  ),
  'http/expectation': refusal('an expectation other than 100-continue'),
  'http/websocket-handshake': refusal('a WebSocket upgrade that is not a whole handshake'),
  'http/bad-chunk': refusal('a chunked body that breaks its own grammar'),
  'http/chunk-extension': refusal('chunk extensions beyond the bound'),
  'http/trailers-too-long': refusal('trailer fields beyond the bound'),
  'http/forbidden-trailer': refusal('a trailer field that frames, routes or authenticates'),
  'http/bad-status-line': refusal('the upstream does not begin its answer with "HTTP/1.1 status"', asUpstream),
  'http/body-where-none': refusal('the upstream announces a body for a status that has none', asUpstream),
  'http/header-timeout': refusal('the request head did not arrive in time', 'raise `limits.header_timeout`'),
  'http/body-too-slow': refusal(
    'the body came slower than the least rate',
    'lower `min_body_bytes_per_second` of `limits`, the site or the path',
  ),
  'http/body-cut-short': refusal('the client ended within the body it announced'),
  'http/body-too-long': refusal('a body longer than the site takes', 'raise `max_body` of the site or the path'),
  'http/no-site': refusal('no site has this host and path', 'add a site for it, or one with `host: "*"`'),
  'http/no-request': refusal('the connection was opened and nothing was sent', 'raise `limits.header_timeout`'),
  'http/idle': refusal('the connection was idle for too long', 'raise `limits.idle_timeout`'),
  'http/head-cut-short': refusal('the client ended within a request head'),
  'http/client-reset': refusal('the client reset the connection'),
  'http/client-gone': refusal('the client left before its answer was whole'),
  'http/slow-reader': refusal('the client stopped reading its answer', 'raise `limits.idle_timeout`'),
  'http/answered-early': refusal('the answer was whole before the request was: the connection cannot go on'),
  'http/redirected': refusal('the listener redirects to https'),
  'http/acme-challenge': refusal('a certificate authority looked whether this name is ours, and was answered'),
  'http/h2-preface': refusal('a connection that begins as HTTP/2 does not', asHttp2),
  'http/h2-protocol': refusal('a frame where RFC 9113 allows none', asHttp2),
  'http/h2-frame-size': refusal('a frame of a length that its type cannot have', asHttp2),
  'http/h2-flow-control': refusal('more data, or a larger window, than flow control allows', asHttp2),
  'http/h2-compression': refusal('a header block that is no HPACK', asHttp2),
  'http/h2-malformed': refusal('an HTTP/2 message whose fields or length contradict RFC 9113', asHttp2),
  'http/h2-connection-field': refusal('a field in HTTP/2 that belongs to HTTP/1.1 connections', asHttp2),
  'http/not-grpc': refusal('a body that says it is gRPC and is not', 'correct its Content-Type'),
  'http/grpc-message-too-long': refusal(
    'a message of a gRPC call longer than the limit',
    'raise `max_grpc_message` of `limits`, the site or the path',
  ),
  'http/grpc-answer-too-long': refusal(
    'a message longer than the limit in the answer to a gRPC call',
    'raise `max_grpc_answer_message` of `limits`, the site or the path',
  ),
  'http/too-many-grpc-answers': refusal(
    'a gRPC call that was answered with more messages than the limit',
    'raise `max_grpc_answer_messages` of `limits`, the site or the path',
  ),
  'http/answer-not-grpc': refusal('an answer that says it is gRPC and is not', 'correct its Content-Type'),
  'http/too-many-grpc-messages': refusal(
    'a gRPC call in which its client sent more messages than the limit',
    'raise `max_grpc_messages` of `limits`, the site or the path',
  ),
  'http/h2-rapid-reset': refusal(
    'streams are opened and reset, or broken, faster than the limit',
    'raise `limits.max_stream_resets_per_second`',
  ),
  'http/h2-continuation-flood': refusal(
    'a header block in more frames or bytes than any has',
    'raise `limits.max_header`',
  ),
  'http/h2-hpack-bomb': refusal('a small header block that became a huge one', 'raise `limits.max_header`'),
  'http/h2-settings-flood': refusal('SETTINGS (or GOAWAY) frames faster than the limit', asCalm),
  'http/h2-ping-flood': refusal('PING frames faster than the limit', asCalm),
  'http/h2-priority-flood': refusal('PRIORITY frames faster than the limit', asCalm),
  'http/h2-window-flood': refusal('WINDOW_UPDATE frames faster than the data that they are for', asCalm),
  'http/h2-empty-frame-flood': refusal('DATA frames without data faster than the limit', asCalm),
  'http/h2-unknown-flood': refusal('frames of unknown types faster than the limit', asCalm),
  'http/internal-error': refusal(
    'a failure in the gate itself while it served this connection',
    'report it with this journey; the connection was ended, because what cannot be judged does not pass',
  ),
  'http/closed-by-owner': refusal('the owner of the gate ended the connection'),
  'http/drained': refusal('the gate is being stopped'),
});
