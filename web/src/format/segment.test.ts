import { expect, test } from 'vitest'
import { segmentText } from './segment.ts'

test.each([
  ['city=Chur', 'city = Chur'],
  ['amount=> 111 & city=Chur', 'amount > 111 & city = Chur'],
  ['f002=≤ -0.6774', 'f002 ≤ −0.6774'],
  ['f001=-0.6423 to 0.01132', 'f001 = −0.6423 to 0.01132'],
  ['plan=a-1', 'plan = a-1'],
])('%s is read as %s', (segment, text) => expect(segmentText(segment)).toBe(text))
