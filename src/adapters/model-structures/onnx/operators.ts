import { combine, constantColumn, type GraphColumn, type GraphMatrix, lookUp, NotByColumns } from './columns.ts'
import type { Attribute, Constant, GraphNode } from './read-graph.ts'

type Operand = GraphMatrix | Constant
type Operator = (node: GraphNode, operands: readonly Operand[]) => GraphMatrix

const isMatrix = (operand: Operand | undefined): operand is GraphMatrix => operand !== undefined && 'columns' in operand

const matrixAt = (operands: readonly Operand[], at: number): GraphMatrix => {
  const found = operands[at]
  if (!isMatrix(found)) throw new NotByColumns('a constant stands where columns are expected')
  return found
}
const constantAt = (operands: readonly Operand[], at: number): Constant => {
  const found = operands[at]
  if (!found || isMatrix(found)) throw new NotByColumns('columns stand where a constant is expected')
  return found
}
const numbers = (node: GraphNode, name: string): Float64Array =>
  node.attributes.get(name)?.numbers ?? new Float64Array(0)

/** Value by value, a constant or a single column repeated over the columns of the other. */
function elementWise(formula: (...values: number[]) => number, results: 'same' | 'truth' = 'same'): Operator {
  return (_node, operands) => {
    const matrices = operands.filter(isMatrix)
    const width = Math.max(
      ...operands.map((operand) => (isMatrix(operand) ? operand.columns.length : widthOf(operand))),
    )
    const single = results === 'same' && matrices.some((matrix) => matrix.single)
    const at = (operand: Operand, j: number): GraphColumn =>
      isMatrix(operand)
        ? operand.columns[operand.columns.length === 1 ? 0 : j]!
        : constantColumn(operand.numbers[operand.numbers.length === 1 ? 0 : j]!)
    for (const operand of operands) {
      const own = isMatrix(operand) ? operand.columns.length : widthOf(operand)
      if (own !== 1 && own !== width) throw new NotByColumns('shapes do not fit')
    }
    return {
      single,
      columns: Array.from({ length: width }, (_, j) =>
        combine(
          single,
          operands.map((operand) => at(operand, j)),
          formula,
        ),
      ),
    }
  }
}

function widthOf({ dims, numbers: values }: Constant): number {
  if (values.length !== 1 && dims.slice(0, -1).some((size) => size !== 1))
    throw new NotByColumns('a constant has a value for each row')
  return values.length
}

const eachColumn =
  (
    change: (column: GraphColumn, j: number, node: GraphNode, single: boolean) => GraphColumn | GraphColumn[],
  ): Operator =>
  (node, operands) => {
    const { columns, single } = matrixAt(operands, 0)
    return { single, columns: columns.flatMap((column, j) => change(column, j, node, single)) }
  }

const pick = (values: Float64Array, j: number, otherwise: number) =>
  values.length === 0 ? otherwise : values[values.length === 1 ? 0 : j]!

/** Keys or values of a label encoder, whatever their type. */
function labels(node: GraphNode, what: 'keys' | 'values'): (string | number)[] {
  for (const [name, attribute] of node.attributes) {
    if (!name.startsWith(`${what}_`)) continue
    const { tensor, texts, numbers: found } = attribute
    if (tensor) return tensor.texts.length > 0 ? tensor.texts : [...tensor.numbers]
    return texts.length > 0 ? texts : [...found]
  }
  throw new NotByColumns('a label encoder has no lists')
}

function defaultLabel(node: GraphNode, like: string | number): string | number {
  const attribute = (name: string): Attribute | undefined => node.attributes.get(name)
  const tensor = attribute('default_tensor')?.tensor
  if (tensor) return tensor.texts[0] ?? tensor.numbers[0]!
  if (typeof like === 'string') return attribute('default_string')?.text ?? '_Unused'
  const whole = node.attributes.has('values_int64s')
  return attribute(whole ? 'default_int64' : 'default_float')?.number ?? (whole ? -1 : 0)
}

const labelEncoder: Operator = (node, operands) => {
  const [keys, values] = [labels(node, 'keys'), labels(node, 'values')]
  const table = new Map(keys.map((key, i) => [key, values[i]!]))
  const otherwise = defaultLabel(node, values[0] ?? 0)
  const { columns } = matrixAt(operands, 0)
  return {
    single: typeof otherwise === 'number' && !node.attributes.has('values_int64s'),
    columns: columns.map((column) => lookUp(column, (value) => table.get(value) ?? otherwise)),
  }
}

const oneHot = eachColumn((column, _j, node) => {
  const texts = node.attributes.get('cats_strings')?.texts ?? []
  const categories: (string | number)[] = texts.length > 0 ? texts : [...numbers(node, 'cats_int64s')]
  return categories.map((category) =>
    lookUp(column, (value) => ((typeof value === 'number' ? Math.trunc(value) : value) === category ? 1 : 0)),
  )
})

const concat: Operator = (node, operands) => {
  const axis = node.attributes.get('axis')?.number ?? 1
  if (axis !== 1 && axis !== -1) throw new NotByColumns('rows are put together')
  const matrices = operands.map((_, i) => matrixAt(operands, i))
  return { single: matrices.some((matrix) => matrix.single), columns: matrices.flatMap((matrix) => matrix.columns) }
}

const select =
  (indices: (node: GraphNode, operands: readonly Operand[]) => ArrayLike<number>): Operator =>
  (node, operands) => {
    const { columns, single } = matrixAt(operands, 0)
    return {
      single,
      columns: Array.from(indices(node, operands), (j) => {
        const column = columns[j < 0 ? j + columns.length : j]
        if (!column) throw new NotByColumns('a column is taken that is not there')
        return column
      }),
    }
  }

const same: Operator = (_node, operands) => matrixAt(operands, 0)

/** [rows, columns] to [rows, columns]: −1 or 0 for the rows, the width for the rest. */
const reshape: Operator = (_node, operands) => {
  const matrix = matrixAt(operands, 0)
  const shape = constantAt(operands, 1).numbers
  const width = matrix.columns.length
  const keeps =
    shape.length === 2
      ? shape[0] === -1 || shape[0] === 0
        ? shape[1] === width || (shape[1] === -1 && shape[0] === 0)
        : false
      : shape.length === 1 && width === 1
  if (!keeps) throw new NotByColumns('a matrix is given another shape')
  return matrix
}

const cast: Operator = (node, operands) => {
  const matrix = matrixAt(operands, 0)
  const to = node.attributes.get('to')?.number
  if (to === 8)
    return { single: false, columns: matrix.columns.map((column) => lookUp(column, (value) => String(value))) }
  const convert = (value: string | number): number => {
    const number = Number(value)
    if (to === 9) return number === 0 ? 0 : 1
    return to === 6 || to === 7 ? Math.trunc(number) : to === 1 ? Math.fround(number) : number
  }
  return { single: to === 1, columns: matrix.columns.map((column) => lookUp(column, convert)) }
}

/** Operators that keep columns apart, or that say of which features a column is made. Others mix what is in a row. */
export const operators: Record<string, Operator> = {
  Identity: same,
  Flatten: same,
  Reshape: reshape,
  Cast: cast,
  Concat: concat,
  FeatureVectorizer: concat,
  ArrayFeatureExtractor: select((_node, operands) => constantAt(operands, 1).numbers),
  Gather: select((node, operands) => {
    if (node.attributes.get('axis')?.number !== 1) throw new NotByColumns('rows are picked')
    return constantAt(operands, 1).numbers
  }),
  LabelEncoder: labelEncoder,
  OneHotEncoder: oneHot,
  Scaler: eachColumn((column, j, node, single) => {
    const [offset, scale] = [pick(numbers(node, 'offset'), j, 0), pick(numbers(node, 'scale'), j, 1)]
    return combine(single, [column], (x) => Math.fround(x - offset) * scale)
  }),
  Imputer: eachColumn((column, j, node) => {
    const replaced =
      node.attributes.get('replaced_value_float')?.number ?? node.attributes.get('replaced_value_int64')?.number ?? 0
    const floats = numbers(node, 'imputed_value_floats')
    const value = pick(floats.length > 0 ? floats : numbers(node, 'imputed_value_int64s'), j, 0)
    return lookUp(column, (x) => (Object.is(x, replaced) || x === replaced ? value : x))
  }),
  Binarizer: eachColumn((column, _j, node) => {
    const threshold = node.attributes.get('threshold')?.number ?? 0
    return lookUp(column, (x) => ((x as number) > threshold ? 1 : 0))
  }),
  Add: elementWise((a, b) => a + b),
  Sub: elementWise((a, b) => a - b),
  Mul: elementWise((a, b) => a * b),
  Div: elementWise((a, b) => a / b),
  Pow: elementWise((a, b) => a ** b),
  Neg: elementWise((a) => -a),
  Abs: elementWise(Math.abs),
  Sqrt: elementWise(Math.sqrt),
  Log: elementWise(Math.log),
  Exp: elementWise(Math.exp),
  Floor: elementWise(Math.floor),
  Ceil: elementWise(Math.ceil),
  Min: elementWise(Math.min),
  Max: elementWise(Math.max),
  Clip: elementWise((x, low = -Infinity, high = Infinity) => Math.min(high, Math.max(low, x))),
  Less: elementWise((a, b) => Number(a < b), 'truth'),
  LessOrEqual: elementWise((a, b) => Number(a <= b), 'truth'),
  Greater: elementWise((a, b) => Number(a > b), 'truth'),
  GreaterOrEqual: elementWise((a, b) => Number(a >= b), 'truth'),
  Equal: elementWise((a, b) => Number(a === b), 'truth'),
  IsNaN: elementWise((a) => Number(Number.isNaN(a)), 'truth'),
  Not: elementWise((a) => Number(a === 0), 'truth'),
  And: elementWise((a, b) => Number(a !== 0 && b !== 0), 'truth'),
  Or: elementWise((a, b) => Number(a !== 0 || b !== 0), 'truth'),
  Where: elementWise((test, a, b) => (test !== 0 ? a : b) as number),
}
