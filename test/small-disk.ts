// A disk of 6 MiB that a program has for itself: mounted in a namespace of its own, gone with it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Why a test cannot have one, or false. */
export const hasNoDisk: string | false =
  !(process.getuid?.() === 0 && spawnSync('unshare', ['--mount', 'true']).status === 0) && 'mounts need root';

/** Runs a program of this directory, which is told the place of the disk; gives the JSON that it says. */
export function onSmallDisk(place: string, program: string) {
  const script = 'mount -t tmpfs -o size=6m tmpfs "$1" && exec "$2" "$3" "$1"';
  const words = ['--mount', 'sh', '-c', script, 'sh', place, process.execPath, join(import.meta.dirname, program)];
  const { stdout, stderr, status } = spawnSync('unshare', words, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
}
