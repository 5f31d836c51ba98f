// Operators that find numbers of cards and people: verifyCC, verifySSN, verifyCPF, verifySVNR.

import { type BuiltOperator, isFault } from './operator.ts';

/** Longest number that is checked, and how many candidates a value may bring. */
const maxCandidates = 256;

function verifier(
  says: string,
  isValid: (digits: string) => boolean,
  examples: BuiltOperator['examples'],
): BuiltOperator {
  return {
    kind: 'built',
    says,
    examples,
    build(argument, tools) {
      const pattern = tools.pattern(argument);
      if (isFault(pattern)) return pattern;
      const find = (value: string): string | null => {
        let at = 0;
        for (let count = 0; count < maxCandidates && at < value.length; count++) {
          const found = pattern.exec(value, at);
          if (found === null) return null;
          const text = value.slice(found[0], found[1]);
          if (isValid(digitsOf(text))) return text;
          at = found[0]! + 1;
        }
        return null;
      };
      return { test: (value) => find(value) !== null, capture: (value) => [find(value)] };
    },
  };
}

function digitsOf(text: string): string {
  let digits = '';
  for (const one of text) if (one >= '0' && one <= '9') digits += one;
  return digits;
}

export const verifyCC: BuiltOperator = verifier(
  'The pattern finds a number of a card: its check digit (Luhn) is right.',
  (digits) => {
    let sum = 0;
    for (let index = 0; index < digits.length; index++) {
      const digit = Number(digits[digits.length - 1 - index]);
      sum += index % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2;
    }
    return digits.length > 0 && sum % 10 === 0;
  },
  [
    ['\\d{13,16}', 'card 4111111111111111', true],
    ['\\b\\d{13,16}\\b', 'card 4111111111111112', false],
  ],
);
export const verifySSN: BuiltOperator = verifier(
  'The pattern finds a social security number of the United States that was or may be given out.',
  (digits) => {
    if (digits.length !== 9) return false;
    const area = Number(digits.slice(0, 3));
    return area > 0 && area !== 666 && area < 740 && digits.slice(3, 5) !== '00' && digits.slice(5) !== '0000';
  },
  [
    ['\\d{3}-?\\d{2}-?\\d{4}', '123-45-6789', true],
    ['\\d{3}-?\\d{2}-?\\d{4}', '000-45-6789', false],
  ],
);
export const verifyCPF: BuiltOperator = verifier(
  'The pattern finds a CPF number of Brazil: both check digits are right.',
  (digits) =>
    digits.length === 11 &&
    cpfDigit(digits, 9) === Number(digits[9]) &&
    cpfDigit(digits, 10) === Number(digits[10]) &&
    new Set(digits).size > 1,
  [
    ['\\d{3}\\.?\\d{3}\\.?\\d{3}-?\\d{2}', '529.982.247-25', true],
    ['\\d{3}\\.?\\d{3}\\.?\\d{3}-?\\d{2}', '529.982.247-26', false],
  ],
);

function cpfDigit(digits: string, count: number): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += Number(digits[index]) * (count + 1 - index);
  return ((sum * 10) % 11) % 10;
}

export const verifySVNR: BuiltOperator = verifier(
  'The pattern finds a social insurance number of Austria: its check digit is right.',
  (digits) => {
    if (digits.length !== 10) return false;
    const weights = [3, 7, 9, 0, 5, 8, 4, 2, 1, 6];
    let sum = 0;
    for (let index = 0; index < 10; index++) sum += Number(digits[index]) * weights[index]!;
    return sum % 11 === Number(digits[3]);
  },
  [
    ['\\d{4} ?\\d{6}', '1237 010180', true],
    ['\\d{4} ?\\d{6}', '1238 010180', false],
  ],
);
