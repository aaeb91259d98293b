import type { RunColumn } from '../../../api/types.ts'

/** What every run has, whatever it logs: name of the column → attribute that it is sorted by. */
export const facts = {
  status: 'status',
  start: 'start_time',
  duration: undefined,
  experiment: undefined,
  user: 'user_id',
  pipeline: undefined,
} as const

export type Fact = keyof typeof facts
export const factNames = Object.keys(facts) as Fact[]

const automatic = { metric: 10, param: 10 }
const folders = { metric: 'metrics', param: 'params', tag: 'tags' } as const

/** A column of the table as the address and the API name it: `metrics.auc`. */
export const fieldOf = ({ kind, key }: Pick<RunColumn, 'kind' | 'key'>) => `${folders[kind]}.${key}`

/** Tags that clients set by themselves are shown only when they are asked for. */
export const isOwnTag = ({ kind, key }: RunColumn) => kind === 'tag' && key.startsWith('mlflow.')

/** Names are separated by commas; a comma or a percent sign within a name is encoded. */
export const readNames = (text: string) => text.split(',').filter(Boolean).map(decode)
export const writeNames = (names: readonly string[]) =>
  names.map((name) => name.replace(/[%,]/g, encodeURIComponent)).join(',')

const decode = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The columns without a choice: the facts, and what most runs have logged. */
export function automaticColumns(known: readonly RunColumn[]): string[] {
  const some = (kind: 'metric' | 'param') =>
    known.filter((one) => one.kind === kind && !one.key.startsWith('system/')).slice(0, automatic[kind])
  return ['status', 'start', 'duration', ...[...some('metric'), ...some('param')].map(fieldOf)]
}

/** What the address chooses, as names of columns; `*` stands for any letters: `metrics.val_*`. Unknown names stay. */
export function chosenColumns(choice: string, known: readonly RunColumn[]): string[] {
  if (choice === '') return automaticColumns(known)
  const all = [...factNames, ...known.filter((one) => !isOwnTag(one)).map(fieldOf)]
  const chosen = readNames(choice).flatMap((name) => {
    if (!name.includes('*')) return [name]
    const pattern = new RegExp(`^${name.split('*').map(literally).join('.*')}$`, 's')
    return all.filter((one) => pattern.test(one))
  })
  return [...new Set(chosen)]
}

const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** `moved` stands before `before`, or last. */
export function moveColumn(names: readonly string[], moved: string, before: string | undefined): string[] {
  if (moved === before || !names.includes(moved)) return [...names]
  const rest = names.filter((name) => name !== moved)
  const at = before === undefined ? rest.length : rest.indexOf(before)
  return rest.toSpliced(at < 0 ? rest.length : at, 0, moved)
}
