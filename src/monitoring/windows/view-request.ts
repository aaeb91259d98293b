import type { WindowSpec } from './window-spec.ts'

/** What windows are held against. */
export type Against =
  /** what the revision's model learnt from; without one the revision's own first days */
  | { kind: 'training' }
  /** of each window the one of the same length before it */
  | { kind: 'before' }
  /** of each window the same hours of the same weekday in the `weeks` weeks before it */
  | { kind: 'weekdays'; weeks: number }
  /** always the same stretch, of any revision */
  | { kind: 'stretch'; revision: number; from: number; to: number }
  /** the same windows of another revision */
  | { kind: 'revision'; revision: number }

/** Windows of a revision, and what they are held against. */
export interface ViewRequest {
  /** the newest that answered callers when absent */
  revision?: number
  /** event time, milliseconds since 1970; windows end in (from, to]. The newest 30 windows when absent */
  from?: number
  to?: number
  spec: WindowSpec
  against: Against
  /** of these rows alone, as `city=Chur` or `age=> 42 & city=Chur`; all when absent or empty */
  segment?: string
}
