// The journey of `portcullis trace` as text for people.

import { type EphemeralRange, rangeOf, type UrlEndpoint } from '../ports/ports.ts';
import { visible } from './table.ts';
import type { TlsFound, Walk } from './trace-walk.ts';

/** The journey in the seven steps of the guide, one or more lines each; nothing in it can steer a terminal. */
export function traceText(url: UrlEndpoint, walked: Walk, kernelRange: EphemeralRange, now: number): string {
  const { failure } = walked;
  const sections: [name: string, step: string, lines: string[]][] = [
    ['DNS', 'dns', dnsLines(url, walked)],
    ['TCP', 'tcp', tcpLines(walked, kernelRange)],
    ['Firewall', 'firewall', firewallLines(walked)],
    [
      'TLS',
      'tls',
      url.secure ? tlsLines(walked.tls, now) : walked.tcp?.from ? ['none: the request is plain text'] : [],
    ],
    ['WAF', 'waf', wafLines(walked)],
    [
      'Server',
      'request',
      walked.request === null ? [] : [`${walked.request.line}   sent in ${took(walked.request.ms)}`],
    ],
    ['Response', 'response', responseLines(walked)],
  ];
  let text = '';
  for (const [index, [name, step, lines]] of sections.entries()) {
    const told = failure?.step === step ? [...lines, `FAILED  ${failure.says}  (${failure.code})`] : lines;
    const shown = told.length > 0 ? told : ['not reached'];
    if (failure?.step === step) shown.push(`means   ${failure.means}`, `do      ${failure.instead}`);
    text += `${index + 1} ${name.padEnd(10)} ${shown.map(visible).join(`\n${' '.repeat(13)}`)}\n`;
  }
  return text;
}

function dnsLines(url: UrlEndpoint, { dns, tcp }: Walk): string[] {
  if (dns === null && url.hostKind !== 'name') return ['not asked: the URL has an address'];
  if (dns === null) return tcp === null ? [] : ['not asked: --connect'];
  const chosen = dns.chosen || (dns.answers[0] ?? '');
  const others = dns.answers.filter((address) => address !== chosen);
  const also = others.length === 0 ? '' : `   (also ${others.join(', ')})`;
  const lines = [`${dns.name} → ${chosen}${also}   ${took(dns.ms)}`];
  return dns.note === '' ? lines : [...lines, dns.note];
}

function tcpLines({ tcp }: Walk, kernelRange: EphemeralRange): string[] {
  if (tcp === null) return [];
  const lines = tcp.failed.map(({ to, code }) => `${to} did not answer (${code})`);
  if (tcp.from === '') return lines;
  const { from, to } = kernelRange;
  return [
    ...lines,
    `${tcp.from} → ${tcp.to}   ${took(tcp.ms)}`,
    `ephemeral port ${tcp.localPort}, chosen by this machine from ${from}–${to} (IANA: ${rangeOf(tcp.localPort).name})`,
  ];
}

function tlsLines(tls: TlsFound | null, now: number): string[] {
  if (tls === null) return [];
  const daysLeft = Math.floor((Date.parse(tls.validTo) - now) / 86_400_000);
  const agreed = [tls.version, tls.cipher, tls.group, tls.alpn].filter((word) => word !== '').join('  ');
  return [
    `${agreed}   ${took(tls.ms)}`,
    `certificate of ${tls.subject || 'nobody'}, issued by ${tls.issuer || 'nobody'}`,
    `for ${tls.names || 'no name'}: ${tls.matchesHost ? 'matches' : 'does NOT match'} the host`,
    `valid until ${tls.validTo} (${daysLeft >= 0 ? `${daysLeft} days left` : `ended ${-daysLeft} days ago`})`,
    tls.verified ? 'verified' : `NOT verified (${tls.verificationCode})`,
  ];
}

function firewallLines({ tcp, tls, response, failure }: Walk): string[] {
  if (tcp === null || tcp.from === '') return [];
  if (failure === null || tls !== null || response !== null)
    return ['let the connection in, as far as a client can see'];
  return ['let the TCP handshake pass; one that judges at accept may still have ended it'];
}

function wafLines({ request, response }: Walk): string[] {
  if (response === null) return request === null ? [] : ['not known: no answer came'];
  const { status } = response;
  if (status === 403) return ['perhaps refused: 403 is what a WAF answers, and an application too'];
  if (status === 429) return ['perhaps refused: too many requests'];
  return ['let the request through, as far as a client can see'];
}

function responseLines({ response }: Walk): string[] {
  if (response === null) return [];
  const { status, reason, bodyBytes, bodyEnd, firstByteMs, totalMs, requestId, location, interim } = response;
  const cut = { deadline: ' (still going at the deadline)', bound: ' (and more)', fault: ' (broken off)' };
  const end = bodyEnd in cut ? cut[bodyEnd as keyof typeof cut] : '';
  const lines = [
    `${status} ${reason}   ${bodyBytes.toLocaleString('en-US')} bytes${end}   first byte ${took(firstByteMs)}, whole ${took(totalMs)}`,
  ];
  if (interim.length > 0) lines.unshift(`before it: ${interim.join(', ')}`);
  if (location !== '') lines.push(`Location: ${location}   (not followed)`);
  if (requestId !== '') lines.push(`id ${requestId}   on the gate: portcullis explain ${requestId}`);
  return lines;
}

function took(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}
