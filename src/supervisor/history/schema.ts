// The tables of the history, as SQL. Places in time (`n`) are ms since 1970 times `placesPerMs`, so that they sort and are found by time.

/** Journeys that one millisecond has places for; those beyond take places of the next. 2^53 places last until 2109. */
export const placesPerMs = 2048;

/** Number of these tables; a file with another is set aside. */
export const schemaVersion = 1;

/** Made where they are missing. Facts and the line of JSON lie apart, because a search walks over the facts alone. */
export const schema = `
CREATE TABLE IF NOT EXISTS journeys (
  n INTEGER PRIMARY KEY, id TEXT NOT NULL, at REAL NOT NULL, client TEXT NOT NULL, origin TEXT NOT NULL, address TEXT NOT NULL,
  method TEXT NOT NULL, host TEXT NOT NULL, site TEXT NOT NULL, path TEXT NOT NULL, status INTEGER NOT NULL, verdict TEXT NOT NULL,
  layer TEXT NOT NULL, why TEXT NOT NULL, rule TEXT NOT NULL, says TEXT NOT NULL, score INTEGER NOT NULL, ms REAL NOT NULL,
  bytes INTEGER NOT NULL, first INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS by_id ON journeys (id);
CREATE INDEX IF NOT EXISTS by_address ON journeys (address, n);
CREATE INDEX IF NOT EXISTS by_path ON journeys (path, n);
CREATE INDEX IF NOT EXISTS by_why ON journeys (why, n);
CREATE INDEX IF NOT EXISTS by_site ON journeys (site, n);
CREATE INDEX IF NOT EXISTS by_status ON journeys (status, n);
CREATE INDEX IF NOT EXISTS by_layer ON journeys (layer, n);
CREATE INDEX IF NOT EXISTS by_verdict ON journeys (verdict, n);
CREATE INDEX IF NOT EXISTS by_first ON journeys (first, n);
CREATE TABLE IF NOT EXISTS bodies (n INTEGER PRIMARY KEY, journey BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS hits (rule TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (rule, n)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_hit ON hits (n);
CREATE TABLE IF NOT EXISTS groups (
  hour INTEGER NOT NULL, layer TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL, rule TEXT NOT NULL, site TEXT NOT NULL,
  prefix TEXT NOT NULL, count INTEGER NOT NULL, first_at REAL NOT NULL, last_at REAL NOT NULL, sample TEXT NOT NULL,
  PRIMARY KEY (hour, verdict, why, rule, site, prefix)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tallies (
  minute INTEGER NOT NULL, layer TEXT NOT NULL, verdict TEXT NOT NULL, why TEXT NOT NULL, site TEXT NOT NULL, count INTEGER NOT NULL,
  PRIMARY KEY (minute, layer, verdict, why, site)
) STRICT, WITHOUT ROWID;
PRAGMA user_version = ${schemaVersion};
`;
