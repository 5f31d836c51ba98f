// The built dashboard, read into memory once: a name is found or it is not, and no request ever reaches the disk.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

/** One file of the dashboard. */
export interface Asset {
  readonly type: string;
  readonly bytes: Buffer;
  /** Whether its name changes with what is in it. */
  readonly isLasting: boolean;
}

/** Files by path: `/` and `/assets/…`. */
export type Assets = ReadonlyMap<string, Asset>;

const types: Readonly<Record<string, string>> = Object.freeze({
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
});

/** Most files, and bytes in all, that are taken: ours are a dozen and half a megabyte. */
const maxFiles = 200;
const maxBytes = 16 * 1024 * 1024;

/** What a browser gets where the dashboard was not built. */
const missing = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Portcullis</title>
<h1>The dashboard is not built</h1>
<p>This is a clone in which <code>npm ci</code> did not run to its end. Say <code>npm run prepare</code> there, and start the gate anew.</p>
<p>The API under <code>/api/v1/</code> answers all the same.</p></html>
`;

/** The files under `directory`, or the one page that says how to build them. */
export function readAssets(directory: string): Assets {
  const assets = new Map<string, Asset>();
  let bytes = 0;
  for (const name of namesIn(directory)) {
    const type = types[extname(name)];
    if (type === undefined || assets.size >= maxFiles) continue;
    const content = readFileSync(join(directory, name));
    bytes += content.length;
    if (bytes > maxBytes) break;
    const isPage = name === 'index.html';
    assets.set(isPage ? '/' : `/${name}`, { type, bytes: content, isLasting: name.startsWith('assets/') });
  }
  if (!assets.has('/')) assets.set('/', { type: types['.html']!, bytes: Buffer.from(missing), isLasting: false });
  return assets;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(directory, name)).isFile(),
    );
  } catch {
    return [];
  }
}
