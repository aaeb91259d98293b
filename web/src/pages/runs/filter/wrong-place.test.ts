import { expect, test } from 'vitest'
import { wrongPlace } from './wrong-place.ts'

test.each([
  [
    'The filter is wrong at character 9: a value is missing here: a number, or text in quotes\n  status =\n          ^',
    { at: 8, what: 'a value is missing here: a number, or text in quotes' },
  ],
  ['Something else', { at: undefined, what: 'Something else' }],
])('%s', (message, expected) => expect(wrongPlace(message)).toEqual(expected))
