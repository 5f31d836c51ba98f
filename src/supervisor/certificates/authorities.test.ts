import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../base/clock.ts';
import type { AcmeSettings, AuthoritySettings } from '../../config/config.ts';
import { systemFiles } from '../../tls/tls.ts';
import { Authorities } from './authorities.ts';
import { CertificateStore } from './store.ts';

const caOf = (host: string): AuthoritySettings => ({
  directory: `https://${host}/dir`,
  externalAccount: null,
  roots: null,
  isLimited: false,
});

test('a conversation lasts as long as what is said of its CA', () => {
  const store = new CertificateStore('/nonexistent', systemFiles, () => {});
  const all = new Authorities({ store, clock: systemClock, files: systemFiles });
  const [one, two] = [all.of(caOf('one.example'), 'a@b.c'), all.of(caOf('two.example'), 'a@b.c')];
  const settings = (authorities: AuthoritySettings[], email = 'a@b.c', staging: AuthoritySettings | null = null) =>
    ({ authorities, email, staging }) as unknown as AcmeSettings;
  all.closeOthers(settings([caOf('one.example')], 'a@b.c', caOf('two.example')));
  assert.equal(all.of(caOf('one.example'), 'a@b.c'), one);
  assert.equal(all.of(caOf('two.example'), 'a@b.c'), two);
  all.closeOthers(settings([caOf('one.example'), { ...caOf('two.example'), roots: '/ca.pem' }]));
  assert.equal(all.of(caOf('one.example'), 'a@b.c'), one);
  assert.notEqual(all.of(caOf('two.example'), 'a@b.c'), two);
  all.closeOthers(settings([caOf('one.example')], 'other@b.c'));
  assert.notEqual(all.of(caOf('one.example'), 'other@b.c'), one, 'another address is another account');
  all.closeOthers(null);
});
