import type { Change, ChangeContext, Journal } from './journal.ts'

/** Joins the caller's change, or makes one of its own when only a context is given. */
export function inChange<T>(
  journal: Journal,
  where: ChangeContext | Change,
  unit: (change: Change) => Promise<T>,
): Promise<T> {
  return 'append' in where ? unit(where) : journal.change(where, unit)
}
