// The proxy station: which upstream an exchange is carried to, over which connection, and whether it may be tried again.
// It sees heads and bytes through the codec it was handed; clients and verdicts are not its business.

export { type BuildTools as ProxyTools, build, type ProxySettings, type ProxySite } from './build.ts';
export { hostOf as upstreamHost } from './check.ts';
export type { Carried, Endpoint } from './endpoint.ts';
export { Failure, reasons } from './failure.ts';
export { forwardingFields, vouchedFields } from './hop-headers.ts';
export type { Pool } from './pool.ts';
export type { Route } from './route.ts';
export { type KeyFiles, keptKey, lots } from './secrets.ts';
export type { AnswerReceiver, Upstream } from './upstream.ts';
export { type EndpointFacts, Proxy } from './upstreams.ts';
