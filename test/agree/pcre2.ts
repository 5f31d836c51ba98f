// PCRE2 itself, called through Python's ctypes: the library that libmodsecurity matches with, and that git brings to every machine.

import { spawnSync } from 'node:child_process';

const program = `
import ctypes, sys
library = ctypes.CDLL('libpcre2-8.so.0')
def of(name, result, *arguments):
    call = getattr(library, 'pcre2_' + name + '_8')
    call.restype, call.argtypes = result, arguments
    return call
pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint32
compile = of('compile', pointer, ctypes.c_char_p, size, number, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(size), pointer)
make = of('match_data_create_from_pattern', pointer, pointer, pointer)
match = of('match', ctypes.c_int, pointer, ctypes.c_char_p, size, size, number, pointer, pointer)
slots = of('get_ovector_pointer', ctypes.POINTER(size), pointer)
count = of('get_ovector_count', number, pointer)
free_code, free_match = of('code_free', None, pointer), of('match_data_free', None, pointer)
unset = size(-1).value
DOTALL, MULTILINE, NO_START_OPTIMIZE = 0x20, 0x400, 0x10000
for line in sys.stdin:
    pattern, value = (bytes.fromhex(text) for text in line.rstrip('\\n').split(' '))
    code = compile(pattern, len(pattern), DOTALL | MULTILINE | NO_START_OPTIMIZE, ctypes.byref(ctypes.c_int()), ctypes.byref(size()), None)
    if not code:
        print('refused')
        continue
    data = make(code, None)
    found = match(code, value, len(value), 0, 0, data, None)
    if found == -1:
        print('none')
    elif found < 0:
        print('gave up')
    else:
        all = slots(data)
        print(','.join(str(-1 if slot >= 2 * found or all[slot] == unset else all[slot]) for slot in range(2 * count(data))))
    free_match(data)
    free_code(code)
`;

/**
 * What PCRE2 finds for each pair of a pattern and a value, compiled as libmodsecurity does: `none`, `refused` (the pattern),
 * `gave up` (its limits), or starts and ends of the match and its groups with commas between.
 */
export function searchWithPcre2(pairs: readonly (readonly [string, string])[]): string[] {
  const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex');
  const input = pairs.map(([pattern, value]) => `${hex(pattern)} ${hex(value)}\n`).join('');
  const run = spawnSync('python3', ['-c', program], { input, maxBuffer: 64 * 1024 * 1024, encoding: 'latin1' });
  if (run.status !== 0) throw new Error(`python3: ${run.stderr}`);
  return run.stdout.split('\n').slice(0, pairs.length);
}
