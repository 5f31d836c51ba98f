import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CaaAsker, judgeCaa, ofFallback } from './caa.ts';
import { sentenceOf } from './finding.ts';

const account = 'https://ca.example/acct/7';
const asker: CaaAsker = {
  name: 'www.example.com',
  isWildcard: false,
  identities: ['letsencrypt.org'],
  accountUrl: account,
  kinds: ['http-01'],
};
const issue = (...values: string[]) => values.map((value) => ({ critical: 0, issue: value }));

for (const [records, more, level, says] of [
  [[], {}, 'good', /^no CAA record says/],
  [[{ critical: 0, iodef: 'mailto:a@example.com' }], {}, 'good', /^no CAA record says/],
  [issue('letsencrypt.org'), {}, 'good', /lets letsencrypt\.org certify/],
  [issue('digicert.com', 'LetsEncrypt.org'), {}, 'good', /./],
  [
    issue('digicert.com'),
    {},
    'problem',
    /let nobody but issue "digicert\.com" certify www\.example\.com: add the record example\.com\. CAA 0 issue "letsencrypt\.org"$/,
  ],
  [issue(';'), {}, 'problem', /let nobody but issue ";"/],
  [[{ critical: 0, ISSUE: 'digicert.com' }], {}, 'problem', /let nobody but issue "digicert\.com"/],
  [
    [...issue('letsencrypt.org'), { critical: 128, tbs: 'unknown' }],
    {},
    'problem',
    /has a CAA record that is critical and that CAs need not know: tbs: take the record away/,
  ],
  [[{ critical: 128, issue: 'letsencrypt.org' }], {}, 'good', /lets letsencrypt\.org certify/],
  [[{ critical: 0, tbs: 'unknown' }], {}, 'good', /^no CAA record says/],
  [issue(`letsencrypt.org; accounturi=${account}`), {}, 'good', /./],
  [
    issue('letsencrypt.org; accounturi=https://ca.example/acct/8'),
    {},
    'problem',
    /only for the account https:\/\/ca\.example\/acct\/8, and ours is https:\/\/ca\.example\/acct\/7/,
  ],
  [issue('letsencrypt.org;validationmethods=dns-01'), {}, 'problem', /only by dns-01, and the settings allow http-01/],
  [issue('letsencrypt.org; validationmethods=dns-01,http-01'), {}, 'good', /./],
  [[...issue('letsencrypt.org'), { critical: 0, issuewild: ';' }], {}, 'good', /./],
  [
    [...issue('letsencrypt.org'), { critical: 0, issuewild: ';' }],
    { isWildcard: true },
    'problem',
    /CAA 0 issuewild "letsencrypt\.org"/,
  ],
  [issue('letsencrypt.org'), { isWildcard: true }, 'good', /./],
  [issue('digicert.com'), { identities: [] }, 'warning', /does not say which name/],
] as const)
  test(`${JSON.stringify(records)} ${JSON.stringify(more)} is ${level}`, () => {
    const finding = judgeCaa(records, 'example.com', { ...asker, ...more });
    assert.equal(finding.level, level, finding.says);
    assert.match(sentenceOf(finding), says);
  });

test('any value is read', () => {
  fc.assert(fc.property(fc.array(fc.string()), (values) => void judgeCaa(issue(...values), 'example.com', asker)));
});

test('what is in the way of a fallback is a warning: nothing is in the way as long as the first CA issues', () => {
  const found = ofFallback(
    judgeCaa(issue('letsencrypt.org'), 'example.com', { ...asker, identities: ['pki.goog'] }),
    'dv.example',
  );
  assert.equal(found.level, 'warning');
  assert.equal(
    sentenceOf(found),
    'for the fallback dv.example: the CAA records of example.com let nobody but issue "letsencrypt.org" certify www.example.com: add the record example.com. CAA 0 issue "pki.goog"',
  );
  const well = judgeCaa(issue('pki.goog'), 'example.com', { ...asker, identities: ['pki.goog'] });
  assert.equal(ofFallback(well, 'dv.example'), well);
});
