// Path traversal and reads of files that no visitor asks for: climbs, sensitive names, stream wrappers, NUL truncation.

import { type Detection, isInRepository } from './detection.ts';
import { canonicalPath, isSecretAt, secretNames } from './path-secrets.ts';
import { detectWrapper } from './path-wrapper.ts';

/** What a detector may know of the place: whether the value is itself a path, so that any climb is an attack. */
export interface PathPlace {
  readonly isPath: boolean;
  readonly inHead: boolean;
}

/** Absolute files and folders whose names an attacker asks for, in lower case with `/`. */
const sensitiveAbsolute: readonly string[] = [
  '/etc/',
  '/proc/',
  '/root/.',
  '/var/run/secrets/',
  '/run/secrets/',
  'c:/windows/win.ini',
  'c:/windows/system.ini',
  'c:/windows/php.ini',
  'c:/windows/repair',
  'c:/windows/panther',
  'c:/windows/system32/drivers/etc',
  'c:/windows/system32/config',
  'c:/windows/system32/inetsrv',
  'c:/winnt/win.ini',
  'c:/winnt/repair',
  'c:/winnt/system32/drivers/etc',
  'c:/boot.ini',
  'c:/inetpub/',
  '/root/',
  '/var/lib/mysql/',
  '/var/lib/jenkins/',
  '/var/lib/postgresql/',
  '/var/spool/cron',
  '/var/backups/',
  '/usr/local/apache',
  '/usr/local/tomcat/',
  '/usr/local/nginx/',
  '/usr/local/etc/',
  '/opt/tomcat/',
  '/opt/lampp/',
  '/boot/grub',
  '/web-inf/',
  '/meta-inf/',
  'c:/xampp/',
  'c:/wamp',
  'c:/program files/apache',
  'c:/users/administrator/',
  'c:/documents and settings/',
];

/** What of it even a text is suspicious for. */
const telling: readonly string[] = [
  '/etc/passwd',
  '/etc/shadow',
  '/etc/sudoers',
  '/etc/group',
  '/proc/self/',
  '/proc/version',
];

/** Climbs from which even prose is taken for an attack: documents do point two or three folders up. */
const maxProseClimbs = 3;
/** The same where the climb begins a word: sources name the files beside them. */
const maxWordClimbs = 5;

/** Path traversal in one decoded value. Ids 1030001–1030008. Linear; never throws. */
export function detectPath(value: string, place: PathPlace): Detection | null {
  const start = firstVisible(value);
  return (
    truncation(value, place) ??
    detectWrapper(value, start) ??
    climbing(value, start, place) ??
    absolute(value, start, place) ??
    (place.isPath ? forbiddenName(value) : null)
  );
}

function climbing(value: string, start: number, place: PathPlace): Detection | null {
  if (!value.includes('..')) return null;
  const { climbs, run, first, last } = countClimbs(value, start);
  if (climbs === 0) return null;
  if (place.isPath)
    return detection(1030001, 5, 'CRITICAL', 'the path climbs out of its folder with ".."', first, value.length);
  // Because a value that begins with its climb is a path, whatever blanks its file name has.
  const isProse = first !== start && hasSpace(value, start, value.length);
  // Because a line of a log says what was asked for, between words of its own.
  const isLogged = isProse && hasSpace(value, start, first) && hasSpace(value, last, value.length);
  if (isSecretAt(value, last))
    return isLogged && !place.inHead
      ? detection(1030002, 3, 'WARNING', 'the text names a climb to a sensitive file', first, value.length)
      : detection(1030002, 5, 'CRITICAL', 'the value climbs with ".." to a sensitive file', first, value.length);
  const isWord = !isSlash(value.charCodeAt(first - 1));
  const most = isProse ? (isWord ? maxWordClimbs : maxProseClimbs) : isPageFile(value) ? 3 : 1;
  if ((isProse ? run : climbs) > most)
    return detection(1030001, 5, 'CRITICAL', `the value climbs ${climbs} folders up with ".."`, first, value.length);
  if (isProse && run < 3) return null;
  return detection(1030003, 2, 'NOTICE', 'the value climbs up with ".."', first, Math.min(value.length, last + 64));
}

/** Whether the value ends as what pages load: documents point to pictures and styles a few folders up. */
function isPageFile(value: string): boolean {
  const end = value.slice(-6).toLowerCase();
  return ['.png', '.jpg', '.jpeg', '.gif', '.svg', '.webp', '.css', '.js', '.ts', '.woff2', '.ico'].some((one) =>
    end.endsWith(one),
  );
}

/** Climbs in all, the longest row of them without a name between, where the first begins and the last ends. */
interface Climbs {
  readonly climbs: number;
  readonly run: number;
  readonly first: number;
  readonly last: number;
}

function countClimbs(value: string, start: number): Climbs {
  let climbs = 0;
  let row = 0;
  let run = 0;
  let first = -1;
  let last = -1;
  let segment = start;
  for (let index = start; index <= value.length; index++) {
    if (index < value.length && !endsSegment(value.charCodeAt(index))) continue;
    if (isClimb(value, segment, index)) {
      climbs++;
      run = Math.max(run, ++row);
      if (first < 0) first = segment;
      last = index;
    } else if (index > segment) row = 0;
    segment = index + 1;
  }
  return { climbs, run, first, last };
}

/** `/`, `\`, and the `;` of `..;/`; quotes, brackets and white space begin a path inside text. */
function endsSegment(code: number): boolean {
  return (
    code <= 32 || code === 47 || code === 92 || code === 59 || code === 61 || code === 34 || code === 39 || code === 40
  );
}

/** `..` before a separator or at the end, and what becomes `..` when `../` is removed once: `....//`, `..././`. */
function isClimb(value: string, start: number, end: number): boolean {
  const length = end - start;
  if (length < 2 || length > 6) return false;
  for (let index = start; index < end; index++) if (value.charCodeAt(index) !== 46) return false;
  const next = value.charCodeAt(end);
  if (length === 2) return end === value.length ? isSlash(value.charCodeAt(start - 1)) : isSlash(next) || next === 59;
  const afterNext = value.charCodeAt(end + 1);
  if (length === 3)
    return isSlash(next) && (isSlash(afterNext) || (afterNext === 46 && isSlash(value.charCodeAt(end + 2))));
  return isSlash(next) && isSlash(afterNext);
}

function isSlash(code: number): boolean {
  return code === 47 || code === 92;
}

/** What lies in `/etc` on every machine or belongs to a known server: settings of other programs are an owner's own. */
const settings: readonly string[] =
  'passwd shadow group gshadow hosts hostname issue motd fstab mtab cron sudoers ssh ssl pki apache httpd nginx lighttpd php my mysql mongo redis postgres resolv os-release lsb debian redhat centos profile bash environment exports inet network vsftpd proftpd pure-ftpd samba ldap kubernetes security sysconfig init systemd services timezone pam logrotate rsyslog syslog snmp tomcat wp aliases exim postfix ftp login issue printcap ld nsswitch default rc ../ /'.split(
    ' ',
  );

/** Logs of servers and systems, which take up what a request says: those of applications have names of their own. */
const logs: readonly string[] =
  'apache httpd nginx lighttpd auth secure syslog messages mail exim vsftpd proftpd xferlog sshd lastlog wtmp btmp faillog dmesg kern cron mysql postgresql dpkg boot user.log daemon.log debug apt/ php access error audit squid tomcat cups samba'.split(
    ' ',
  );

/** A sensitive absolute path: proof where the value begins with it, suspicion inside text. */
function absolute(value: string, start: number, place: PathPlace): Detection | null {
  const from = behindDevice(value, start);
  const lead = value.slice(from, from + 9).toLowerCase();
  if (lead.startsWith('web-inf/') || lead.startsWith('meta-inf/') || isAdministratorsShare(value, from))
    return detection(1030005, 5, 'CRITICAL', 'the value names a sensitive file of the system', start, value.length);
  const isAbsolute = isSlash(value.charCodeAt(from)) || value.charCodeAt(from + 1) === 58;
  const path = isAbsolute ? canonicalPath(value.slice(from, from + 512)) : '';
  if (value.charCodeAt(start) === 126 && isSecretOfHome(value, start))
    return detection(1030005, 5, 'CRITICAL', 'the value names a secret in a home directory', start, value.length);
  if (path !== '' ? isAccounts(path) : value.length < 16 && isAccounts(canonicalPath(value)))
    return detection(1030005, 5, 'CRITICAL', 'the value names a sensitive file of the system', start, value.length);
  const isOwn = !place.inHead && path.startsWith('/etc/') && !settings.some((name) => path.startsWith(name, 5));
  if (isOwn) return detection(1030006, 2, 'NOTICE', 'the text names a file of settings', start, start + path.length);
  for (const name of sensitiveAbsolute)
    if (path.startsWith(name) && !hasSpace(path, 0, path.length))
      return detection(1030005, 5, 'CRITICAL', 'the value names a sensitive file of the system', start, value.length);
  if (path.startsWith('/var/log/') && logs.some((name) => path.startsWith(name, 9)))
    return detection(1030005, 5, 'CRITICAL', 'the value names a log of the system', start, value.length);
  if (
    (path.startsWith('/home/') || path.startsWith('/users/') || path.startsWith('c:/users/')) &&
    !hasSpace(path, 0, path.length)
  )
    for (const name of secretNames)
      if (name.startsWith('.') && path.includes(`/${name}`))
        return detection(1030005, 5, 'CRITICAL', 'the value names a secret in a home directory', start, value.length);
  if (!value.includes('/etc/') && !value.includes('/proc/')) return null;
  for (const name of telling) {
    const at = value.indexOf(name);
    if (at >= 0)
      return detection(1030006, 2, 'NOTICE', 'the text names a sensitive file of the system', at, at + name.length);
  }
  return null;
}

/** The file of accounts without its first slash, or with wildcards for the letters of its folder: `etc/passwd`, `/???/passwd`. */
function isAccounts(path: string): boolean {
  if (path === 'etc/passwd' || path === 'etc/shadow' || path.endsWith('/pearcmd.php')) return true;
  if (!path.endsWith('/passwd') && !path.endsWith('/shadow')) return false;
  return path.length < 24 && (path.includes('?') || path.includes('*')) && path.charCodeAt(0) === 47;
}

/** `\\host\c$\…`: the share of a whole drive. */
function isAdministratorsShare(value: string, from: number): boolean {
  if (!isSlash(value.charCodeAt(from)) || !isSlash(value.charCodeAt(from + 1))) return false;
  let slash = from + 2;
  while (slash < from + 66 && slash < value.length && !isSlash(value.charCodeAt(slash))) slash++;
  return value.charCodeAt(slash + 2) === 36 && isSlash(value.charCodeAt(slash + 3));
}

/** Behind the `\\?\` and `\\.\` with which Windows paths may begin. */
function behindDevice(value: string, start: number): number {
  const mark = value.charCodeAt(start + 2);
  const isDevice =
    isSlash(value.charCodeAt(start)) && isSlash(value.charCodeAt(start + 1)) && (mark === 63 || mark === 46);
  return isDevice && isSlash(value.charCodeAt(start + 3)) ? start + 4 : start;
}

/** `~/.ssh/id_rsa`, `~root/.bash_history`: a home directory and what it hides, without blanks. */
function isSecretOfHome(value: string, start: number): boolean {
  let slash = start + 1;
  while (slash < start + 33 && slash < value.length && !isSlash(value.charCodeAt(slash))) slash++;
  if (!isSlash(value.charCodeAt(slash)) || value.charCodeAt(slash + 1) !== 46) return false;
  return value.length < 512 && !hasSpace(value, start, value.length) && isSecretAt(value, slash);
}

/** A NUL byte ends a C string: the application sees `.jpg`, the file system does not. */
function truncation(value: string, place: PathPlace): Detection | null {
  const at = value.indexOf('\0');
  if (at < 0) return null;
  const isName = place.isPath || value.lastIndexOf('.', at) >= 0 || value.lastIndexOf('/', at) >= 0;
  if (!isName || value.length > 1024) return null;
  if (hasSpace(value, 0, value.length))
    return detection(1030007, 3, 'WARNING', 'the value holds a NUL byte', at, at + 1);
  return detection(1030007, 5, 'CRITICAL', 'a NUL byte cuts the file name short', Math.max(0, at - 64), value.length);
}

/** A segment that names secrets which web servers serve by mistake. */
function forbiddenName(value: string): Detection | null {
  for (let at = 0; at < value.length; at++) {
    if (!isSlash(value.charCodeAt(at)) || !maySecretBegin(value.charCodeAt(at + 1))) continue;
    const segment = value
      .slice(at + 1, at + 32)
      .toLowerCase()
      .replaceAll('\\', '/');
    for (const name of secretNames)
      if (isSecret(name) && segment.startsWith(name) && endsName(segment, name)) {
        // Because one look decides for the whole path, however many secrets it names.
        if (isInRepository(value.toLowerCase())) return null;
        return detection(1030008, 5, 'CRITICAL', `the path asks for ${name}`, at, value.length);
      }
  }
  return null;
}

function maySecretBegin(code: number): boolean {
  return code === 46 || (code | 32) === 119 || (code | 32) === 109;
}

function isSecret(name: string): boolean {
  return name.startsWith('.') || name.startsWith('web') || name.startsWith('wp-') || name.endsWith('-inf/');
}

/** Because `/.environment` is not `/.env`. */
function endsName(segment: string, name: string): boolean {
  if (name.endsWith('/') || name.endsWith('.') || segment.length === name.length) return true;
  const code = segment.charCodeAt(name.length);
  return code === 46 || code === 47 || code === 59 || code === 126;
}

function firstVisible(value: string): number {
  let at = 0;
  while (at < value.length && value.charCodeAt(at) <= 32 && value.charCodeAt(at) !== 0) at++;
  return at;
}

function hasSpace(text: string, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === 32 || code === 10 || code === 9) return true;
  }
  return false;
}

function detection(
  id: number,
  score: number,
  severity: Detection['severity'],
  says: string,
  start: number,
  end: number,
): Detection {
  return { id, score, severity, says, start, end: Math.min(end, start + 256) };
}
