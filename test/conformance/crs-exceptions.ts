// Tests of CRS 4.28 that the codec answers before the WAF sees the request, each with the sentence of the RFC that it follows.

const connect =
  '"An origin server that receives a request method that is unrecognized or not implemented SHOULD respond with the 501 (Not Implemented) status code": CONNECT, and names that nobody registered (RFC 9110 9.1)';
const version =
  '"The 505 (HTTP Version Not Supported) status code indicates that the server does not support … the major version of HTTP that was used in the request message" (RFC 9110 15.6.6)';
const target =
  '"a recipient that receives an invalid request-line SHOULD respond with either a 400 (Bad Request) error …": bytes of 0x80 and more are no part of a request-target (RFC 9112 3.2, RFC 3986 2)';
const lengths =
  '"A server MAY reject a request that contains both Content-Length and Transfer-Encoding" (RFC 9112 6.1)';

/** Tests that expect what Apache makes of a request before the rules see it, and what CRS's own list for nginx expects in its place. */
export const otherwise: Readonly<Record<string, { readonly expectIds: readonly number[]; readonly because: string }>> =
  {
    '920620-1': {
      expectIds: [920620],
      because:
        'two Content-Type fields are kept apart, "which is what this rule is looking for" (nginx-overrides.yaml)',
    },
  };

/** By name. A test that passes may not stand here. */
export const exceptions: Readonly<Record<string, string>> = {
  '920100-4': connect,
  '920100-5': connect,
  '920100-10': connect,
  '920100-14': connect,
  '949110-4': connect,
  '920181-1': lengths,
  '920280-3': version,
  '920430-3': version,
  '920430-8': version,
  '920430-9': version,
  '934120-23': target,
  '934120-24': target,
  '934120-25': target,
  '934120-26': target,
  '934120-39': target,
};
