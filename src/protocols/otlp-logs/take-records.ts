import { KedgeError } from '../../errors.ts'
import type { ChangeContext } from '../../journal/journal.ts'
import type { LoggedModels } from '../../monitoring/logged-models.ts'
import type { OtlpRecord } from './read-log-records.ts'
import { type RecordItem, recordItem } from './record-item.ts'

/** Records that were refused, each with its place among all and the reason. */
export interface TakenRecords {
  rejected: { record: number; why: string }[]
}

type Item = Exclude<RecordItem, { wrong: string }> & { record: number }

/** Rounds in which records that are found to be wrong are left out, 100 at a time; what is left is refused as a whole. */
const ROUNDS = 50

/** Takes what can be taken, durably; the same records again change nothing. */
export async function takeRecords(
  logged: Pick<LoggedModels, 'log' | 'actuals'>,
  context: ChangeContext,
  project: string,
  records: readonly (OtlpRecord | { wrong: string })[],
): Promise<TakenRecords> {
  const rejected: TakenRecords['rejected'] = []
  const items: Item[] = []
  for (const [record, one] of records.entries()) {
    const found = 'wrong' in one ? one : recordItem(one)
    if ('wrong' in found) rejected.push({ record, why: found.wrong })
    else items.push({ ...found, record })
  }
  // actuals after predictions: they join what came with them
  for (const kind of ['prediction', 'actual'] as const)
    for (const [endpoint, own] of Map.groupBy(
      items.filter((item) => item.kind === kind),
      (item) => item.endpoint,
    )) {
      const key = { project, endpoint }
      rejected.push(
        ...(await takeGood(own, (some) =>
          kind === 'prediction'
            ? logged.log(
                context,
                key,
                some.map(({ item }) => item),
              )
            : logged.actuals(
                key,
                some.map(({ item }) => item as { id: string; value: unknown }),
              ),
        )),
      )
    }
  return { rejected: rejected.sort((a, b) => a.record - b.record) }
}

/** Sends the items without those that are refused by name. */
async function takeGood(items: readonly Item[], send: (items: readonly Item[]) => Promise<unknown>) {
  const rejected: TakenRecords['rejected'] = []
  let left = items
  for (let round = 0; left.length > 0; round++) {
    try {
      await send(left)
      return rejected
    } catch (error) {
      if (!(error instanceof KedgeError) || error.class === 'internal' || error.class === 'unavailable') throw error
      const wrong = round < ROUNDS ? wrongIn(error) : new Map<number, string>()
      if (wrong.size === 0) return [...rejected, ...left.map(({ record }) => ({ record, why: error.message }))]
      for (const [at, why] of wrong) if (left[at]) rejected.push({ record: left[at].record, why })
      left = left.filter((_, at) => !wrong.has(at))
    }
  }
  return rejected
}

/** The items that an error names, `items.7.score`, with what it says of them. */
function wrongIn(error: KedgeError): Map<number, string> {
  const found = new Map<number, string>()
  for (const { where, what } of error.places ?? []) {
    const [, at, field] = /^items\.(\d+)\.?(.*)$/.exec(where) ?? []
    if (at !== undefined && !found.has(Number(at))) found.set(Number(at), `${field ? `${field} ` : ''}${what}`)
  }
  return found
}
