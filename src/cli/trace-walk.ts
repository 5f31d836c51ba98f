// Walks the journey of one request from the client's side, step by step, each with its facts, its time and its deadline.

import { connect as connectTcp, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, createSecureContext, type TLSSocket } from 'node:tls';
import { normalise } from '../base/address.ts';
import type { Clock } from '../base/clock.ts';
import { classifyFirstBytes, type UrlEndpoint } from '../ports/ports.ts';
import { endpoint } from '../traffic/connection.ts';
import { type BodyEnd, ResponseReader } from './response-reader.ts';
import { codeOfNonsense, explainFailure, type Failure, StepFailure, type StepName } from './trace-failure.ts';

/** What to walk, and the outside it walks in. */
export interface Itinerary {
  readonly url: UrlEndpoint;
  readonly method: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** Where to connect instead of where DNS says, or null. */
  readonly connect: { readonly address: string; readonly port: number } | null;
  readonly insecure: boolean;
  /** PEM certificates that are trusted. */
  readonly roots: readonly string[];
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly lookup: (host: string) => Promise<readonly string[]>;
  readonly stop: AbortSignal;
}

/** The journey as far as it went: a step is null where it was not reached or not needed. */
export interface Walk {
  /** `chosen` is the answer that was connected to, or ''. */
  dns: { name: string; answers: readonly string[]; chosen: string; note: string; ms: number } | null;
  tcp: {
    from: string;
    to: string;
    localPort: number;
    failed: readonly { to: string; code: string }[];
    ms: number;
  } | null;
  tls: TlsFound | null;
  request: { line: string; fields: readonly (readonly [string, string])[]; ms: number } | null;
  response: {
    status: number;
    reason: string;
    version: string;
    interim: readonly number[];
    requestId: string;
    location: string;
    fields: readonly (readonly [string, string])[];
    bodyBytes: number;
    /** `deadline` and `bound` where reading stopped before the body did, `fault` where the body broke off. */
    bodyEnd: BodyEnd | 'deadline' | 'bound' | 'fault';
    firstByteMs: number;
    totalMs: number;
  } | null;
  failure: Failure | null;
}

/** What the handshake agreed on, and whose certificate was shown. Dates are ISO 8601. */
export interface TlsFound {
  readonly version: string;
  readonly cipher: string;
  readonly alpn: string;
  readonly group: string;
  readonly subject: string;
  readonly issuer: string;
  readonly names: string;
  readonly matchesHost: boolean;
  readonly validFrom: string;
  readonly validTo: string;
  readonly verified: boolean;
  /** Why not, as OpenSSL or Node names it, or ''. */
  readonly verificationCode: string;
  readonly ms: number;
}

/** Most addresses that are tried, and most bytes of a body that are read. */
const maxAddresses = 8;
const maxBodyBytes = 64 * 1024 * 1024;

/** Walks; never rejects: a failure is part of the journey. */
export async function walk(to: Itinerary): Promise<Walk> {
  const walked: Walk = { dns: null, tcp: null, tls: null, request: null, response: null, failure: null };
  let socket: Socket | null = null;
  try {
    const addresses = to.connect === null ? await resolve(to, walked) : [to.connect.address];
    socket = await connect(to, addresses, walked);
    if (to.url.secure) socket = await secure(to, socket, walked);
    await exchange(to, socket, walked);
  } catch (error) {
    const failure = error instanceof StepFailure ? error : new StepFailure('request', 'UNKNOWN', String(error));
    walked.failure = explainFailure(failure, {
      host: to.url.host,
      from: walked.tcp?.from ?? '',
      port: to.connect?.port ?? to.url.port,
      to: walked.tcp?.to || walked.dns?.answers.map((address) => endpoint(address, to.url.port)).join(' or ') || '',
      certificateNames: walked.tls?.names ?? '',
      validFrom: walked.tls?.validFrom ?? '',
      validTo: walked.tls?.validTo ?? '',
      issuer: walked.tls?.issuer ?? '',
    });
  } finally {
    socket?.destroy();
  }
  return walked;
}

/** Runs one step under its deadline. `begin` may end it once; whatever comes later is ignored. */
function under<T>(
  to: Itinerary,
  name: StepName,
  timeoutMs: number,
  begin: (done: (value: T) => void, fail: (error: NodeJS.ErrnoException) => void) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer);
      to.stop.removeEventListener('abort', onStop);
      settle();
    };
    const fail = (code: string, message: string) => end(() => reject(new StepFailure(name, code, message)));
    const onStop = () => fail('STOPPED', 'stopped');
    const timer = setTimeout(() => fail('TIMEOUT', `no end within ${timeoutMs / 1000} s`), timeoutMs);
    to.stop.addEventListener('abort', onStop);
    if (to.stop.aborted) return onStop();
    begin(
      (value) => end(() => resolve(value)),
      (error) => fail(error.code ?? 'UNKNOWN', error.message),
    );
  });
}

async function resolve(to: Itinerary, walked: Walk): Promise<readonly string[]> {
  const { host, hostKind } = to.url;
  if (hostKind !== 'name') return [host];
  const startMs = to.clock.monotonicMs();
  let note = '';
  const answers = await under<readonly string[]>(to, 'dns', to.timeoutMs, (done, fail) => {
    to.lookup(host).then(done, (error: NodeJS.ErrnoException) => {
      // Because such names mean this machine whatever DNS says, browsers ask nobody (RFC 6761 6.3).
      if (!host.endsWith('.localhost') && host !== 'localhost') return fail(error);
      note = 'no DNS: a name under localhost is this machine';
      done(['127.0.0.1', '::1']);
    });
  });
  const kept = [...new Set(answers.map(normalise))].slice(0, maxAddresses);
  walked.dns = { name: host, answers: kept, chosen: '', note, ms: to.clock.monotonicMs() - startMs };
  if (kept.length === 0) throw new StepFailure('dns', 'ENOTFOUND', `no address for ${host}`);
  return kept;
}

async function connect(to: Itinerary, addresses: readonly string[], walked: Walk): Promise<Socket> {
  const port = to.connect?.port ?? to.url.port;
  const failed: { to: string; code: string }[] = [];
  const deadlineMs = to.clock.monotonicMs() + to.timeoutMs;
  for (const [index, address] of addresses.entries()) {
    const startMs = to.clock.monotonicMs();
    const place = endpoint(address, port);
    const socket = connectTcp({ host: address, port, autoSelectFamily: false });
    socket.setNoDelay(true);
    // Because an error between two steps has no one waiting for it, and would end the process.
    socket.on('error', () => {});
    try {
      // Because a dead address must leave time for the next one.
      const shareMs = Math.max(1, Math.round((deadlineMs - startMs) / (addresses.length - index)));
      await under<void>(to, 'tcp', shareMs, (done, fail) => socket.once('connect', done).once('error', fail));
      const from = endpoint(normalise(socket.localAddress ?? ''), socket.localPort ?? 0);
      const ms = to.clock.monotonicMs() - startMs;
      if (walked.dns !== null) walked.dns.chosen = address;
      walked.tcp = { from, to: place, localPort: socket.localPort ?? 0, failed, ms };
      return socket;
    } catch (error) {
      socket.destroy();
      if (!(error instanceof StepFailure)) throw error;
      failed.push({ to: place, code: error.code });
      if (index < addresses.length - 1 && error.code !== 'STOPPED') continue;
      walked.tcp = { from: '', to: place, localPort: 0, failed, ms: to.clock.monotonicMs() - startMs };
      throw error;
    }
  }
  throw new StepFailure('tcp', 'ENOTFOUND', 'no address to connect to');
}

async function secure(to: Itinerary, raw: Socket, walked: Walk): Promise<TLSSocket> {
  const startMs = to.clock.monotonicMs();
  const { host, hostKind } = to.url;
  const socket = connectTls({
    socket: raw,
    host,
    // RFC 6066 3: an address is not sent as a server name.
    ...(hostKind === 'name' ? { servername: host } : {}),
    ALPNProtocols: ['http/1.1'],
    secureContext: createSecureContext({ ca: [...to.roots] }),
    rejectUnauthorized: false,
  });
  socket.on('error', () => {});
  raw.once('close', () => socket.destroy());
  await under<void>(to, 'tls', to.timeoutMs, (done, fail) => {
    socket.once('secureConnect', done).once('error', fail);
    socket.once('close', () => fail(Object.assign(new Error('closed during the handshake'), { code: 'ECONNRESET' })));
  });
  const found = foundIn(socket, host, to.clock.monotonicMs() - startMs);
  walked.tls = found;
  if (!found.verified && !to.insecure) {
    throw new StepFailure('tls', found.verificationCode, 'the certificate is not accepted');
  }
  return socket;
}

function foundIn(socket: TLSSocket, host: string, ms: number): TlsFound {
  const certificate = socket.getPeerX509Certificate();
  const legacy = certificate?.toLegacyObject();
  const key = socket.getEphemeralKeyInfo();
  // Because Node sets a code here, whatever its type says.
  const code: unknown = socket.authorizationError;
  return {
    version: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    alpn: socket.alpnProtocol || '',
    group: key !== null && 'name' in key ? (key.name ?? '') : '',
    subject: oneLine(certificate?.subject),
    issuer: oneLine(certificate?.issuer),
    names: (certificate?.subjectAltName ?? '').slice(0, 1024),
    matchesHost: legacy !== undefined && checkServerIdentity(host, legacy) === undefined,
    validFrom: isoOf(certificate?.validFrom),
    validTo: isoOf(certificate?.validTo),
    verified: socket.authorized,
    verificationCode: socket.authorized
      ? ''
      : typeof code === 'string'
        ? code
        : String((code as Error)?.message ?? code),
    ms,
  };
}

function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ').slice(0, 512);
}

function isoOf(date: string | undefined): string {
  const ms = Date.parse(date ?? '');
  return Number.isNaN(ms) ? '' : new Date(ms).toISOString();
}

async function exchange(to: Itinerary, socket: Socket, walked: Walk): Promise<void> {
  const line = `${to.method} ${to.url.target} HTTP/1.1`;
  const startMs = to.clock.monotonicMs();
  const head = `${line}\r\n${to.fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  const reader = new ResponseReader(to.method);
  let firstByteMs = -1;
  let wake = () => {};
  socket.on('data', (bytes: Buffer) => {
    if (firstByteMs < 0) firstByteMs = to.clock.monotonicMs() - startMs;
    reader.push(bytes);
    wake();
  });
  const onEnd = () => {
    reader.close();
    wake();
  };
  socket.on('end', onEnd).on('close', onEnd);
  await under<void>(to, 'request', to.timeoutMs, (done, fail) => {
    socket.once('error', fail);
    // Because an answer may come before the whole request is out, and is worth more than the write's own end.
    wake = () => done();
    socket.write(head, 'latin1', (error) => (error ? fail(error) : done()));
  });
  walked.request = { line, fields: to.fields, ms: to.clock.monotonicMs() - startMs };
  await readHead(to, socket, reader, (onWake) => (wake = onWake));
  const bodyEnd = await readBody(to, reader, (onWake) => (wake = onWake));
  walked.response = {
    status: reader.status,
    reason: reader.reason,
    version: reader.version,
    interim: reader.interim,
    requestId: reader.field('x-request-id'),
    location: reader.field('location'),
    fields: reader.fields,
    bodyBytes: reader.bodyBytes,
    bodyEnd,
    firstByteMs,
    totalMs: to.clock.monotonicMs() - startMs,
  };
}

function readHead(to: Itinerary, socket: Socket, reader: ResponseReader, onWake: (wake: () => void) => void) {
  return under<void>(to, 'response', to.timeoutMs, (done, fail) => {
    const look = () => {
      if (reader.headDone) return done();
      if (reader.fault === '') return;
      const { beginning } = reader;
      const code =
        beginning.length === 0
          ? 'NO_ANSWER'
          : reader.fault.includes('not HTTP')
            ? codeOfNonsense(beginning, classifyFirstBytes(beginning))
            : 'BAD_ANSWER';
      fail(Object.assign(new Error(reader.fault), { code }));
    };
    socket.once('error', fail);
    onWake(look);
    look();
  });
}

async function readBody(to: Itinerary, reader: ResponseReader, onWake: (wake: () => void) => void) {
  try {
    return await under<BodyEnd | 'bound' | 'fault'>(to, 'response', to.timeoutMs, (done) => {
      const look = () => {
        if (reader.ended !== null) done(reader.ended);
        else if (reader.fault !== '') done('fault');
        else if (reader.bodyBytes > maxBodyBytes) done('bound');
      };
      onWake(look);
      look();
    });
  } catch {
    // Because a stream of events never ends, and its head has told what a trace is for.
    return 'deadline' as const;
  }
}
