import type { Feature } from '../../api/types.ts'
import { duration } from '../../format/time.ts'

/** How a feature is made, in words: `mean of amount over 7 d where status = 'paid'`. */
export function madeOf({ how, of, where, over }: Pick<Feature, 'how' | 'of' | 'where' | 'over'>): string {
  if (how === 'request') return `from the request: ${of ?? ''}`
  const what = how === 'last' ? `newest ${of ?? ''}` : of === null ? how : `${how} of ${of}`
  return [what, over !== null && `over ${duration(over)}`, where && `where ${where}`].filter(Boolean).join(' ')
}

/** The largest share of predictions whose value was not that of training; undefined where nothing was compared. */
export const worstSkew = ({ skew }: Pick<Feature, 'skew'>) =>
  skew.length === 0 ? undefined : skew.reduce((a, b) => (a.different >= b.different ? a : b))
