// The words in which the SQL grammar reports: what an operand is, and what was met on the way.

// What an operand is; the greater one wins where two are combined.
export const NOTHING = 0;
export const CONSTANT = 1;
export const TRUTH = 2;
export const COLUMN = 3;
export const COMPUTED = 4;

// What the reading met on its way.
export const SAME = 1;
export const CONSTANTS_COMPARED = 2;
export const COLUMN_COMPARED = 4;
export const COLUMN_TO_STRING = 8;
export const ATTACK_CALL = 16;
export const TELLING_CALL = 32;
export const PROBING_CALL = 64;
export const SUBQUERY = 128;
export const PLAIN_SUBQUERY = 256;
export const CATALOGUE = 512;
export const SYSTEM_VALUE = 1024;
export const CHOICE = 2048;
export const NESTED = 4096;
export const FILE_WRITTEN = 8192;
export const CODE_SIGN = 16384;
export const CAST_MADE = 32768;
