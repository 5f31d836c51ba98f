// package.json and its lock: exact versions, whole for every platform, from any registry, and everything they name is there.

import assert from 'node:assert/strict';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from './source.ts';

/** What a lock says of one package. */
interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const described = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
const packages: readonly (readonly [string, Locked])[] = Object.entries<Locked>(lock.packages).filter(
  ([path]) => path !== '',
);

test('every version is exact, and the lock agrees', () => {
  const named: Record<string, string> = { ...described.dependencies, ...described.devDependencies };
  assert.ok(Object.keys(named).length > 5);
  for (const [name, version] of Object.entries(named)) {
    assert.match(version, /^\d+\.\d+\.\d+$/, `${name}: write one version, without ^ or ~`);
    assert.equal(
      lock.packages[`node_modules/${name}`]?.version,
      version,
      `${name}: run npm install, so that the lock agrees`,
    );
  }
});

test('the lock names no registry, and what it names cannot be another', () => {
  for (const [path, { resolved, integrity }] of packages) {
    assert.equal(resolved, undefined, `${path}: npm config set omit-lockfile-registry-resolved true, and install anew`);
    assert.match(integrity ?? '', /^sha512-/, path);
  }
});

test('the lock is whole: npm ci asks for every package of every platform', () => {
  for (const [path, { dependencies, optionalDependencies }] of packages)
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies }))
      assert.ok(
        lock.packages[`node_modules/${name}`] !== undefined ||
          lock.packages[`${path}/node_modules/${name}`] !== undefined,
        `${path} wants ${name}, which the lock lacks: choose a version of it that the registry has for every platform`,
      );
});

test('packages that run something as they are installed are those that may', () => {
  const running = packages
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => path.replace('node_modules/', ''));
  assert.deepEqual(running, Object.keys(described.allowScripts));
});

test('the gate needs few packages when it runs', () => {
  assert.deepEqual(Object.keys(described.dependencies), ['mmdb-lib', 'yaml', 'zod']);
});

test('the command can be run, and what is published is there', () => {
  accessSync(join(root, described.bin.portcullis), constants.X_OK);
  for (const file of [...described.files, 'LICENSE']) assert.ok(existsSync(join(root, file)), file);
});

test('the tests run on the Node.js that the project pins', () => {
  assert.equal(process.versions.node, described.devDependencies.node);
});
