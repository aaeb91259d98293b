import type { Column, LoadedModel, Tensor, TensorData } from '../../contracts/model-runtime.ts'

/** Columns of several calls under each other. */
export function joinColumns(all: readonly (readonly Column[])[]): Column[] {
  return all[0]!.map((_, i) => {
    const joined: (number | string)[] = []
    for (const columns of all) for (const value of columns[i]!) joined.push(value)
    return joined as Column
  })
}

/** Calls the model in pieces of `chunk` rows; whole where it is null. */
export async function scoreInChunks(
  model: Pick<LoadedModel, 'score'>,
  columns: readonly Column[],
  rows: number,
  chunk: number | null,
): Promise<Float64Array> {
  // a rest that is no piece of its own worth goes with the last one
  if (chunk === null || rows <= chunk * 1.5) return model.score(columns, rows)
  const scores = new Float64Array(rows)
  for (let from = 0; from < rows; ) {
    const to = rows - from <= chunk * 1.5 ? rows : from + chunk
    const part = columns.map((column) =>
      ArrayBuffer.isView(column) ? column.subarray(from, to) : (column.slice(from, to) as Column),
    )
    scores.set(await model.score(part, to - from), from)
    from = to
  }
  return scores
}

/** The same for tensors, where every one of the model's has a free number of rows. */
export async function inferInChunks(
  model: Pick<LoadedModel, 'infer' | 'inputs' | 'outputs'>,
  tensors: readonly Tensor[],
  chunk: number | null,
): Promise<Tensor[]> {
  const rows = tensors[0]?.shape[0] ?? 0
  if (chunk === null || rows <= chunk * 1.5 || !tensorsJoin(model, tensors, tensors)) return model.infer(tensors)
  const parts: Tensor[][] = []
  for (let from = 0; from < rows; ) {
    const to = rows - from <= chunk * 1.5 ? rows : from + chunk
    const [, part] = splitTensors(tensors, [from, to - from, rows - to])
    const outputs = await model.infer(part!)
    if (outputs.some((output) => output.shape[0] !== to - from)) return model.infer(tensors)
    parts.push(outputs)
    from = to
  }
  return joinTensors(parts)
}

/** Whether two calls can be one: the model takes any number of rows, and the two differ in nothing else. */
export function tensorsJoin(
  model: Pick<LoadedModel, 'inputs' | 'outputs'>,
  a: readonly Tensor[],
  b: readonly Tensor[],
): boolean {
  const free = [...model.inputs, ...model.outputs].every((spec) => spec.shape[0] === -1)
  if (!free || a.length !== b.length) return false
  return a.every((tensor) => {
    const other = b.find((candidate) => candidate.name === tensor.name)
    return (
      other !== undefined &&
      other.datatype === tensor.datatype &&
      other.shape.length === tensor.shape.length &&
      other.shape.every((size, i) => i === 0 || size === tensor.shape[i]) &&
      sameRows(a) &&
      sameRows(b)
    )
  })
}

const sameRows = (tensors: readonly Tensor[]) => tensors.every((tensor) => tensor.shape[0] === tensors[0]!.shape[0])

/** Tensors of several calls under each other, in the order of the first call's. */
export function joinTensors(all: readonly (readonly Tensor[])[]): Tensor[] {
  return all[0]!.map((first) => {
    const same = all.map((tensors) => tensors.find((tensor) => tensor.name === first.name)!)
    return {
      ...first,
      shape: [same.reduce((sum, tensor) => sum + tensor.shape[0]!, 0), ...first.shape.slice(1)],
      data: joinData(same.map((tensor) => tensor.data)),
    }
  })
}

function joinData(parts: readonly TensorData[]): TensorData {
  if (Array.isArray(parts[0])) return (parts as string[][]).flat()
  const numbers = parts as Float32Array[]
  const joined = new (numbers[0]!.constructor as typeof Float32Array)(
    numbers.reduce((sum, part) => sum + part.length, 0),
  )
  let at = 0
  for (const part of numbers) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** The outputs of a joined call, for each caller its rows. Errors: an output that has not one row for each input row. */
export function splitTensors(outputs: readonly Tensor[], rows: readonly number[]): Tensor[][] {
  const total = rows.reduce((sum, n) => sum + n, 0)
  const odd = outputs.find((output) => output.shape[0] !== total)
  if (odd) throw new Error(`the output ${odd.name} has ${odd.shape[0]} rows for ${total}`)
  let from = 0
  return rows.map((n) => {
    const first = from
    from += n
    return outputs.map((output) => {
      const width = output.data.length / total
      return {
        ...output,
        shape: [n, ...output.shape.slice(1)],
        data: output.data.slice(first * width, (first + n) * width) as TensorData,
      }
    })
  })
}
