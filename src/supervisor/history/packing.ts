// Journeys as they lie on disk: deflated, against a sample that has what most of them have in common. A third of the room, or less.

import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** Longest journey that is unpacked, in bytes: what stands in a file may be anything. */
const maxBytes = 1024 * 1024;

/** What most journeys have in common, the commonest last. Another text makes files unreadable: it takes another `schemaVersion`. */
const sample = Buffer.from(
  '"x-forwarded-for":"","referer":"https://","origin":"https://","content-type":"application/json","content-length":"","authorization":"[redacted]","cookie":"[redacted]",' +
    '"accept-language":"en-US,en;q=0.9","accept-encoding":"gzip, deflate, br, zstd","sec-fetch-dest":"document","sec-fetch-mode":"navigate","sec-fetch-site":"same-origin","upgrade-insecure-requests":"1",' +
    '"accept":"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8","connection":"keep-alive",' +
    '"user-agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36","user-agent":"curl/8.5.0",' +
    '"firewall":{"action":"DENY","rule":0,"description":"default","at":"","us":0},"tls":null,"request":null,"rates":null,"waf":null,"upstream":null,"response":null,' +
    '"verdict":{"action":"close","station":"firewall","why":"firewall/denied","says":"","rule":"","at":"portcullis.yaml:","place":"","value":""},' +
    '"waf":{"action":"block","score":5,"threshold":5,"rules":[{"id":,"detector":"sql-injection","phase":1,"severity":"CRITICAL","score":5,"message":"","variable":"ARGS:id","value":"","decoded":["urlDecode"]}],"us":},' +
    '"upstream":null,"response":{"status":403,"bytes":},"verdict":{"action":"answer","station":"waf","why":"waf/sql-injection","says":"","rule":"","at":"","place":"ARGS:","value":""},' +
    '{"id":"01","time":"2026-","connection":{"id":,"from":"127.0.0.1:","to":"127.0.0.1:443","listener":":443 tls","reused":true},"client":"",' +
    '"firewall":{"action":"ALLOW","rule":1,"description":"HTTPS from anywhere","at":"portcullis.yaml:","us":0.},' +
    '"tls":{"version":"TLSv1.3","cipher":"TLS_AES_128_GCM_SHA256","alpn":"http/1.1","sni":"localhost","resumed":false,"group":"X25519MLKEM768","us":},' +
    '"request":{"method":"GET","target":"/","version":"1.1","host":"localhost","site":"*","headers":{"host":"localhost"},"bytes":},' +
    '"rates":{"policy":"500 per 10s by client","limit":500,"remaining":499,"resetSeconds":10,"us":},' +
    '"waf":{"action":"pass","score":0,"threshold":5,"rules":[],"us":},"upstream":{"from":"127.0.0.1:","to":"127.0.0.1:3000","reused":true,"ms":0.},' +
    '"response":{"status":200,"bytes":},"verdict":{"action":"pass","station":"","why":"","says":"","rule":"","at":"","place":"","value":""},"ms":0.}',
);

/** A journey's line as it is stored. */
export function packed(line: string): Uint8Array {
  return deflateRawSync(line, { dictionary: sample, level: 1, memLevel: 8 });
}

/** The line again, or null for bytes that are none. */
export function unpacked(bytes: unknown): string | null {
  if (!(bytes instanceof Uint8Array)) return null;
  try {
    return inflateRawSync(bytes, { dictionary: sample, maxOutputLength: maxBytes }).toString('utf8');
  } catch {
    return null;
  }
}
