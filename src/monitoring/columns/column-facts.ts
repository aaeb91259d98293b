/** What the values of a column are; `category` is everything that is watched as it is. */
export type ColumnKind = 'category' | 'text' | 'vector' | 'image'

/** Words by in how many rows they are: what is unknown to them is new. */
export interface TextFacts {
  kind: 'text'
  rows: number
  /** in so many rows at least that each is known without any one of them */
  words: string[]
  /** in one row less: known to other rows, but not to those that they were learnt from */
  edge: string[]
}

export interface VectorFacts {
  kind: 'vector'
  rows: number
  /** mean of the vectors, as long as they are */
  centre: number[]
}

export type ColumnFacts = TextFacts | VectorFacts

/** A column as it was found in a scope. */
export interface FoundColumn {
  name: string
  kind: ColumnKind
  facts: ColumnFacts | null
  /** milliseconds since 1970; hours before it are among those that the facts were learnt from */
  learntBefore: number
}

/** A column of an endpoint, with the facts that hold for each of its revisions; `undefined` holds for all others. */
export interface WatchedColumn {
  name: string
  kind: Exclude<ColumnKind, 'category'>
  facts: readonly { revision: number | undefined; facts: ColumnFacts; learntBefore: number }[]
}
