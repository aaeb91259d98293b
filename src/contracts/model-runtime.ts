import { z } from 'zod'

/** Types of tensors, by the names of the Open Inference Protocol. */
export const datatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BF16',
  'BYTES',
] as const
export type Datatype = (typeof datatypes)[number]

/** Values in row-major order: BOOL as 0 and 1, FP16 as its bits, BYTES as text. */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | string[]

export type NumericData = Exclude<TensorData, string[]>

export interface Elements {
  readonly BYTES_PER_ELEMENT: number
  new (from: ArrayBuffer | number): NumericData
}

/** The array that holds the values of a type. */
export const elementsOf: Record<Exclude<Datatype, 'BYTES'>, Elements> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  BF16: Uint16Array,
}

export interface Tensor {
  name: string
  datatype: Datatype
  shape: number[]
  data: TensorData
}

/** An input or output of a model; −1 is a free dimension. */
export interface TensorSpec {
  name: string
  datatype: Datatype
  shape: number[]
}

/** Values of one feature: numbers (NaN where missing) or texts ('' where missing). */
export type Column = number[] | Float64Array | Float32Array | string[]

const label = z.union([z.string(), z.number(), z.boolean()]).transform(String)

/** `kedge-model.json` of a model folder: what the columns are and what the score means. */
export const modelDescription = z.object({
  task: z.enum(['binary', 'regression']),
  features: z.array(z.object({ name: z.string().min(1), type: z.enum(['number', 'category']) })).min(1),
  /** column with the truth */
  target: z.string().min(1).optional(),
  /** binary: the truth whose probability is the score */
  positive: label.optional(),
  /** binary: what the other truth is called */
  negative: label.optional(),
  /** column with the event time */
  time: z.string().min(1).optional(),
})

export type ModelDescription = z.output<typeof modelDescription>

const opposites: Record<string, string> = { '1': '0', '0': '1', true: 'false', false: 'true', yes: 'no', no: 'yes' }

/** The two labels of a binary model. */
export function labelsOf(description: ModelDescription): { positive: string; negative: string } {
  const positive = description.positive ?? '1'
  return { positive, negative: description.negative ?? opposites[positive] ?? `not ${positive}` }
}

/** Where calls of a model run; `inline` ones hold up the event loop of this process while they run. */
export type ModelPlace = 'inline' | 'thread' | 'process'

/**
 * A model ready to run. Calls may overlap; each gets its own answer. Errors: `invalid_input` when names, types or shapes do
 * not fit, `worker_died` when the thread or process that ran it ended: the call may be repeated.
 */
export interface LoadedModel {
  readonly inputs: TensorSpec[]
  readonly outputs: TensorSpec[]
  /** undefined when the model does not name its features: then it offers `infer` only */
  readonly description: ModelDescription | undefined
  /** a process of its own when absent */
  readonly place?: ModelPlace
  /** processor time of its own processes so far, in microseconds, which only rises; absent where it has none */
  readonly cpu?: number | undefined
  /** how many calls can run beside each other, 1 when absent; more of them wait for their turn */
  readonly parallel?: number
  /** Raw tensors in; the named outputs, all when absent, out. */
  infer(tensors: readonly Tensor[], outputs?: readonly string[]): Promise<Tensor[]>
  /** Columns in the order of `description.features`; for each row the probability of `positive`, or the predicted value. */
  score(columns: readonly Column[], rows: number): Promise<Float64Array>
  close(): Promise<void>
}

export interface LoadOptions {
  /** threads of one run, 1 when absent */
  threads?: number
  /** where calls run, of runtimes that can choose; `inline` when absent */
  place?: 'inline' | 'thread'
  /** Python interpreter in which a Python model runs; absent: one with what the model folder's requirements.txt names is built */
  python?: string
  /** folder in which such environments are kept, shared by all models */
  environments?: string
  /** how long loading or one run may take before its process is ended, in milliseconds */
  timeout?: number
  /** processes of a Python model: how many are kept, and how many there may be while calls wait; 1 and the processors, 4 at most */
  instances?: { min: number; max: number }
  /** bytes of memory above which a process of the model is replaced; four times what it had when loaded, 1 GiB at least, when absent */
  memory?: number
  /** hosts that a folder may name as where its model is served: `HOST` or `HOST:PORT`, separated by commas; those in KEDGE_MODEL_HOSTS when absent */
  hosts?: string
  /** gets the lines that the model's own process prints */
  print?(line: string): void
}

/** Something that runs models of one kind. */
export interface ModelRuntime {
  /** the `kind` of a model version's artifact */
  readonly kind: string
  readonly title: string
  /** Whether a model folder without a declared kind is one of its own. */
  detects?(directory: string): Promise<boolean>
  /** Reads a folder that nobody has looked at yet; called in a process of its own under limits. Errors: `model_unloadable`. */
  check?(directory: string): Promise<void>
  /** Errors: `model_unloadable` with what is wrong in the folder. */
  load(directory: string, options?: LoadOptions): Promise<LoadedModel>
}

/** Declares a runtime; the default export of its file in `adapters/runtimes/`. */
export const defineModelRuntime = <R extends ModelRuntime>(runtime: R): R => runtime
