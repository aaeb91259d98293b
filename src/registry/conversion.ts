/** What became of converting a version to ONNX: once for each version, the last try counts. */
export interface Conversion {
  model: string
  version: number
  state: 'converted' | 'refused'
  /** digest of the folder with the ONNX model; null when there is none */
  digest: string | null
  bytes: number | null
  /** rows on which both gave their answers */
  rows: number
  /** where these rows came from */
  source: string | null
  /** what two answers may differ by, as a share of the larger one, of 1 at least */
  tolerance: number
  /** of two answers to the same row; null when nothing could be compared */
  largestDifference: number | null
  precision: 'float' | 'double' | null
  /** why it stays in Python */
  why: string | null
  /** versions of the converters */
  tools: Record<string, string> | null
  createdAt: number
}

/** What the converting process is asked, and what it answers. Paths are local and absolute. */
export interface ConvertRequest {
  folder: string
  /** empty folder for the result */
  target: string
  python?: string | undefined
  environments: string
  /** Parquet file with rows of the model's columns */
  rows?: { path: string; source: string } | undefined
  tolerance: number
}

export type ConvertResult = Pick<
  Conversion,
  'state' | 'rows' | 'source' | 'largestDifference' | 'precision' | 'why' | 'tools'
>

export type ConvertAnswer =
  | { result: ConvertResult }
  | { error: { code: string; details: Record<string, unknown>; todo: string } }
