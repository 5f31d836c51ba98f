// Which service lives on which port: IANA's names that the operator of a server meets, with the machine's own over them.

import type { Protocol } from './socket-table.ts';

/** A service by its registered name. `says` is '' where only the machine's own list knows it. */
export interface Service {
  readonly name: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly aliases: readonly string[];
  readonly says: string;
}

/** Services by number and by name; built once, never changed. */
export interface Services {
  /** Those on a port, TCP before UDP. */
  on(port: number): readonly Service[];
  /** Those with a name or alias (any case), TCP before UDP. */
  named(name: string): readonly Service[];
  /** Every name and alias. */
  readonly names: Iterable<string>;
}

/** Most text of /etc/services that is read, in characters, and the longest line and name in it. */
const maxTextCharacters = 1 << 20;
const maxLineCharacters = 512;
const maxNameCharacters = 64;

// name, port, protocols, what it is, aliases
const builtIn: readonly (readonly [string, number, string, string, ...string[]])[] = [
  ['echo', 7, 'tcp udp', 'Echo, for tests'],
  ['discard', 9, 'tcp udp', 'Discard, for tests'],
  ['ftp-data', 20, 'tcp', 'FTP data connections'],
  ['ftp', 21, 'tcp', 'File transfer (unencrypted)'],
  ['ssh', 22, 'tcp', 'Secure remote access'],
  ['telnet', 23, 'tcp', 'Remote terminal (unencrypted)'],
  ['smtp', 25, 'tcp', 'Sending email', 'mail'],
  ['time', 37, 'tcp udp', 'Time of day (historic)'],
  ['whois', 43, 'tcp', 'Who owns a domain', 'nicname'],
  ['domain', 53, 'tcp udp', 'Domain name resolution', 'dns'],
  ['dhcp-server', 67, 'udp', 'DHCP, server side', 'bootps'],
  ['dhcp-client', 68, 'udp', 'DHCP, client side', 'bootpc'],
  ['tftp', 69, 'udp', 'Trivial file transfer (no login)'],
  ['finger', 79, 'tcp', 'Who is logged in (historic)'],
  ['http', 80, 'tcp', 'Web traffic (unencrypted)', 'www'],
  ['kerberos', 88, 'tcp udp', 'Kerberos logins'],
  ['pop3', 110, 'tcp', 'Fetching email (unencrypted)'],
  ['sunrpc', 111, 'tcp udp', 'RPC port mapper', 'portmapper', 'rpcbind'],
  ['ident', 113, 'tcp', 'Who owns a connection', 'auth'],
  ['nntp', 119, 'tcp', 'Usenet news'],
  ['ntp', 123, 'udp', 'Time of day'],
  ['epmap', 135, 'tcp', 'Microsoft RPC endpoint mapper', 'msrpc'],
  ['netbios-ns', 137, 'udp', 'NetBIOS names'],
  ['netbios-dgm', 138, 'udp', 'NetBIOS datagrams'],
  ['netbios-ssn', 139, 'tcp', 'NetBIOS sessions'],
  ['imap', 143, 'tcp', 'Reading email (unencrypted)', 'imap2'],
  ['snmp', 161, 'udp', 'Watching network devices'],
  ['snmp-trap', 162, 'udp', 'Alarms of network devices', 'snmptrap'],
  ['bgp', 179, 'tcp', 'Routes between networks'],
  ['irc', 194, 'tcp', 'Chat (historic port)'],
  ['ldap', 389, 'tcp udp', 'Directory (unencrypted)'],
  ['https', 443, 'tcp', 'Web traffic (encrypted)'],
  ['https', 443, 'udp', 'Web traffic over QUIC (HTTP/3)', 'http3', 'quic'],
  ['microsoft-ds', 445, 'tcp', 'Windows file shares', 'smb'],
  ['submissions', 465, 'tcp', 'Handing in email (encrypted)', 'smtps'],
  ['isakmp', 500, 'udp', 'IPsec key exchange', 'ike'],
  ['syslog', 514, 'udp', 'Log messages'],
  ['printer', 515, 'tcp', 'Line printer', 'lpd'],
  ['dhcpv6-client', 546, 'udp', 'DHCPv6, client side'],
  ['dhcpv6-server', 547, 'udp', 'DHCPv6, server side'],
  ['rtsp', 554, 'tcp', 'Streaming control'],
  ['submission', 587, 'tcp', 'Handing in email'],
  ['ipp', 631, 'tcp', 'Printing'],
  ['ldaps', 636, 'tcp', 'Directory (encrypted)'],
  ['domain-s', 853, 'tcp', 'Domain name resolution over TLS', 'dns-over-tls'],
  ['rsync', 873, 'tcp', 'File synchronisation'],
  ['ftps', 990, 'tcp', 'File transfer (encrypted)'],
  ['imaps', 993, 'tcp', 'Reading email (encrypted)'],
  ['pop3s', 995, 'tcp', 'Fetching email (encrypted)'],
  ['socks', 1080, 'tcp', 'SOCKS proxy'],
  ['openvpn', 1194, 'udp', 'OpenVPN'],
  ['ms-sql-s', 1433, 'tcp', 'Microsoft SQL Server', 'mssql'],
  ['oracle', 1521, 'tcp', 'Oracle database listener'],
  ['radius', 1812, 'udp', 'Network logins'],
  ['mqtt', 1883, 'tcp', 'Messages of devices (unencrypted)'],
  ['nfs', 2049, 'tcp udp', 'Network file system'],
  ['zookeeper', 2181, 'tcp', 'ZooKeeper'],
  ['docker', 2375, 'tcp', 'Docker API (unencrypted: whoever reaches it owns the machine)'],
  ['docker-s', 2376, 'tcp', 'Docker API (TLS)'],
  ['etcd-client', 2379, 'tcp', 'etcd'],
  ['etcd-server', 2380, 'tcp', 'etcd between its members'],
  ['squid', 3128, 'tcp', 'Squid web proxy'],
  ['mysql', 3306, 'tcp', 'MySQL database', 'mariadb'],
  ['ms-wbt-server', 3389, 'tcp', 'Windows remote desktop', 'rdp'],
  ['stun', 3478, 'tcp udp', 'STUN and TURN', 'turn'],
  ['epmd', 4369, 'tcp', 'Erlang port mapper (RabbitMQ)'],
  ['ipsec-nat-t', 4500, 'udp', 'IPsec through NAT'],
  ['sip', 5060, 'tcp udp', 'Telephony (unencrypted)'],
  ['sips', 5061, 'tcp', 'Telephony (encrypted)'],
  ['xmpp-client', 5222, 'tcp', 'XMPP chat'],
  ['mdns', 5353, 'udp', 'Names on the local network'],
  ['postgresql', 5432, 'tcp', 'PostgreSQL database', 'postgres'],
  ['amqps', 5671, 'tcp', 'Message queue (encrypted)'],
  ['amqp', 5672, 'tcp', 'Message queue (unencrypted)', 'rabbitmq'],
  ['rfb', 5900, 'tcp', 'Remote screen (VNC)', 'vnc'],
  ['couchdb', 5984, 'tcp', 'CouchDB database'],
  ['x11', 6000, 'tcp', 'X Window System'],
  ['redis', 6379, 'tcp', 'Redis cache/store', 'valkey'],
  ['kubernetes', 6443, 'tcp', 'Kubernetes API'],
  ['ircs-u', 6697, 'tcp', 'Chat (encrypted)'],
  ['http-alt', 8080, 'tcp', 'Common alternative HTTP port', 'webcache', 'http-proxy'],
  ['https-alt', 8443, 'tcp', 'Common alternative HTTPS port', 'pcsync-https'],
  ['mqtts', 8883, 'tcp', 'Messages of devices (encrypted)', 'secure-mqtt'],
  ['cassandra', 9042, 'tcp', 'Cassandra database'],
  ['prometheus', 9090, 'tcp', 'Prometheus'],
  ['kafka', 9092, 'tcp', 'Kafka'],
  ['node-exporter', 9100, 'tcp', 'Prometheus node exporter', 'jetdirect'],
  ['elasticsearch', 9200, 'tcp', 'Elasticsearch, OpenSearch'],
  ['kubelet', 10250, 'tcp', 'Kubernetes node agent'],
  ['memcached', 11211, 'tcp udp', 'Memcached', 'memcache'],
  ['mongodb', 27017, 'tcp', 'MongoDB database'],
  ['wireguard', 51820, 'udp', 'WireGuard'],
];

/** The built-in services with the text of an `/etc/services` over them: the machine's name for a port wins, ours stays an alias. */
export function buildServices(machineText = ''): Services {
  const byPort = new Map<string, Service>();
  for (const [name, port, protocols, says, ...aliases] of builtIn)
    for (const protocol of protocols.split(' '))
      byPort.set(`${port}/${protocol}`, { name, port, protocol: protocol as Protocol, aliases, says });
  for (const theirs of parseServices(machineText)) {
    const ours = byPort.get(`${theirs.port}/${theirs.protocol}`);
    byPort.set(`${theirs.port}/${theirs.protocol}`, ours === undefined ? theirs : joined(theirs, ours));
  }
  const byName = new Map<string, Service[]>();
  for (const service of byPort.values())
    for (const name of new Set([service.name, ...service.aliases].map((word) => word.toLowerCase())))
      byName.set(name, [...(byName.get(name) ?? []), service].sort(tcpFirst));
  return {
    on: (port) => [byPort.get(`${port}/tcp`), byPort.get(`${port}/udp`)].filter((service) => service !== undefined),
    named: (name) => preferred(byName.get(name.toLowerCase()) ?? [], name.toLowerCase()),
    names: [...byName.keys()],
  };
}

/** The services in a text of the form of services(5); the first to name a port wins, lines that make no sense are skipped. */
export function parseServices(text: string): Service[] {
  const found = new Map<string, Service>();
  for (const line of text.slice(0, maxTextCharacters).split('\n')) {
    const service = parseLine(line);
    if (service === null) continue;
    const key = `${service.port}/${service.protocol}`;
    const before = found.get(key);
    found.set(key, before === undefined ? service : joined(before, service));
  }
  return [...found.values()];
}

// `http  80/tcp  www  # WorldWideWeb HTTP`
function parseLine(line: string): Service | null {
  if (line.length > maxLineCharacters) return null;
  const hash = line.indexOf('#');
  const words = (hash < 0 ? line : line.slice(0, hash)).replaceAll('\t', ' ').replaceAll('\r', ' ').split(' ');
  const [name, place, ...aliases] = words.filter((word) => word !== '');
  if (name === undefined || place === undefined || !isName(name)) return null;
  const slash = place.indexOf('/');
  const protocol = place.slice(slash + 1).toLowerCase();
  const port = parsePort(place.slice(0, Math.max(0, slash)));
  if (port === null || (protocol !== 'tcp' && protocol !== 'udp')) return null;
  return { name, port, protocol, aliases: aliases.filter(isName), says: '' };
}

/** A port in decimal digits only, 0–65535, or null. */
export function parsePort(text: string): number | null {
  if (text.length === 0 || text.length > 5) return null;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return null;
  }
  const port = Number(text);
  return port <= 65535 ? port : null;
}

// Because such a name is printed to a terminal, it is printable ASCII; at least one letter keeps it apart from a number.
function isName(text: string): boolean {
  let letters = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code <= 0x20 || code > 0x7e) return false;
    if ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a) letters++;
  }
  return letters > 0 && text.length <= maxNameCharacters;
}

function joined(first: Service, second: Service): Service {
  const aliases = new Set([...first.aliases, second.name, ...second.aliases]);
  aliases.delete(first.name);
  return { ...first, aliases: [...aliases].slice(0, 16), says: first.says || second.says };
}

function tcpFirst(a: Service, b: Service): number {
  return a.protocol === b.protocol ? a.port - b.port : a.protocol < b.protocol ? -1 : 1;
}

// Because a name may be one service's own and another's alias: then its own is meant.
function preferred(services: readonly Service[], name: string): readonly Service[] {
  const own = services.filter((service) => service.name.toLowerCase() === name);
  return own.length > 0 ? own : services;
}
