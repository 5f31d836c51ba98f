// Names of files and folders that hold secrets, in one place: what climbs reach for, what arguments ask for by a bare name.

/** What a climb reaches for, relative to where it ends, and what nobody may fetch by URL. Folders end with `/`. */
export const secretNames: readonly string[] = [
  'etc/',
  'proc/self',
  'var/log/',
  'windows/',
  'winnt/',
  'boot.ini',
  'win.ini',
  'web.config',
  'web-inf/',
  'meta-inf/',
  'wp-config.',
  '.env',
  '.git/',
  '.svn/',
  '.hg/',
  '.ssh/',
  '.aws/',
  '.htpasswd',
  '.htaccess',
  '.bash_history',
  'id_rsa',
];

/** Files that hold secrets and that no page shows, by the end of their path. */
export const secretFiles: readonly string[] = [
  // Because a folder is asked for by what lies in it, and what ends with a dot has endings.
  ...secretNames.filter((name) => !name.endsWith('/') && !name.endsWith('.')),
  ...['id_dsa', 'id_ecdsa', 'id_ed25519', 'authorized_keys', 'wp-config.php', 'wp-config.php.bak', 'local.xml'],
  ...['config/database.yml', 'config/secrets.yml', 'config/master.key', 'config/parameters.yml', 'config.inc.php'],
  ...['.pgpass', '.netrc', '.git/config', '.aws/credentials', '.kube/config', '.docker/config.json', '.npmrc'],
  ...['tomcat-users.xml', 'passwd', 'shadow', 'sam', 'ntds.dit'],
];

/** Whether one of the folders or the file of a path is a secret. */
export function namesSecret(value: string): boolean {
  const path = value.slice(0, 512);
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1))
    if (path.charCodeAt(at + 1) !== 47 && isSecretAt(path, at)) return true;
  return false;
}

/** Whether what stands at `at` begins with the name of a secret. */
export function isSecretAt(value: string, at: number): boolean {
  const rest = canonicalPath(value.slice(at, at + 512));
  const from = rest.startsWith('/') ? 1 : 0;
  for (const name of secretNames) if (rest.startsWith(name, from)) return true;
  return false;
}

/** Lower case, `\` as `/`, without doubled slashes and `/./`. */
export function canonicalPath(path: string): string {
  const lower = path.toLowerCase().replaceAll('\\', '/');
  if (!lower.includes('//') && !lower.includes('/./')) return lower;
  const parts = lower.split('/');
  const kept = parts.filter((part, index) => (part !== '' && part !== '.') || index === 0);
  return kept.join('/') + (lower.endsWith('/') ? '/' : '');
}
