// Values of letters, digits, dots and underscores that tell something all the same: names of classes, prototypes, hosts inside.

/** How they begin, by their first character in lower case. */
const beginnings: Readonly<Record<string, readonly string[]>> = {
  '.': ['.htaccess', '.htpasswd', '.bash_history', '.pgpass'],
  _: ['__proto__', '__class__', '_all_docs', '_session'],
  '0': ['0x'],
  '1': ['169.254.', '127.', '100.100.100.200'],
  a: ['a.__proto__', 'aced0005'],
  c: ['class.', 'constructor.', 'constconstructor', 'com.sun.', 'ch.qos.'],
  g: ['globals'],
  i: ['instance-data', 'id_ed25519'],
  j: ['java.', 'javax.', 'jdk.nashorn'],
  l: ['localhost'],
  m: ['metadata.google'],
  o: ['org.apache.', 'org.springframework.', 'object.prototype'],
  p: ['process.', 'prototype', 'phpinfo'],
  r: ['ro0ab'],
  s: ['system.', 'sun.'],
  w: ['web.config', 'wp-config.php'],
};

/** Whether a value without a telling character deserves a look. Costs a look-up for most. */
export function isTelling(text: string): boolean {
  if (text.length < 6 || text.length > 512) return false;
  const starts = beginnings[text.charAt(0).toLowerCase()];
  if (starts === undefined) return text.includes('__') || text.includes('.prototype.');
  const lower = text.toLowerCase();
  return starts.some((start) => lower.startsWith(start)) || lower.includes('__') || lower.includes('.prototype.');
}
