import type { Environment } from '../environment.ts'
import type { Change, ChangeContext } from '../journal/journal.ts'
import { checkLength, checkTagKey, limits } from './limits.ts'

const chunk = 500

/** Changes of many runs at once, each as a whole. What already is as asked is left alone; each gives the ids that changed. */
export function createBulkRuns({ journal }: Pick<Environment, 'journal'>) {
  async function rowsOf(change: Change, project: string, ids: readonly string[]) {
    const rows: { id: string; number: number; state: 'active' | 'deleted' }[] = []
    const wanted = [...new Set(ids)]
    for (let i = 0; i < wanted.length; i += chunk)
      rows.push(
        ...(await change.db
          .selectFrom('runs')
          .select(['id', 'number', 'state'])
          .where('project', '=', project)
          .where('id', 'in', wanted.slice(i, i + chunk))
          .execute()),
      )
    return rows
  }

  const setState = (context: ChangeContext, project: string, ids: readonly string[], state: 'active' | 'deleted') =>
    journal.change(context, async (change) => {
      const rows = (await rowsOf(change, project, ids)).filter((row) => row.state !== state)
      for (let i = 0; i < rows.length; i += chunk)
        await change.db
          .updateTable('runs')
          .set({ state, deleted_at: state === 'deleted' ? change.now : null })
          .where(
            'number',
            'in',
            rows.slice(i, i + chunk).map(({ number }) => number),
          )
          .execute()
      for (const { id } of rows)
        change.append({
          type: state === 'deleted' ? 'run.deleted' : 'run.restored',
          project,
          subject: `run/${id}`,
          data: { id },
        })
      return rows.map(({ id }) => id)
    })

  return {
    deleteAll: (context: ChangeContext, project: string, ids: readonly string[]) =>
      setState(context, project, ids, 'deleted'),
    restoreAll: (context: ChangeContext, project: string, ids: readonly string[]) =>
      setState(context, project, ids, 'active'),

    /** Sets a tag of active runs, or takes it away with null. Gives what each had before. Errors: `invalid_input`. */
    tagAll(
      context: ChangeContext,
      project: string,
      ids: readonly string[],
      key: string,
      value: string | null,
    ): Promise<Map<string, string | null>> {
      checkTagKey(key, 'key')
      if (value !== null) checkLength(value, limits.tagValue, 'value')
      return journal.change(context, async (change) => {
        const before = new Map<string, string | null>()
        const rows = (await rowsOf(change, project, ids)).filter(({ state }) => state === 'active')
        for (let i = 0; i < rows.length; i += chunk) {
          const some = rows.slice(i, i + chunk)
          const numbers = some.map(({ number }) => number)
          const had = await change.db
            .selectFrom('run_tags')
            .select(['run', 'value'])
            .where('run', 'in', numbers)
            .where('key', '=', key)
            .execute()
          const values = new Map(had.map((tag) => [tag.run, tag.value]))
          for (const { id, number } of some) before.set(id, values.get(number) ?? null)
          if (value === null)
            await change.db.deleteFrom('run_tags').where('run', 'in', numbers).where('key', '=', key).execute()
          else
            await change.db
              .insertInto('run_tags')
              .values(numbers.map((run) => ({ run, key, value })))
              .onConflict((c) => c.columns(['run', 'key']).doUpdateSet({ value }))
              .execute()
          if (key === 'mlflow.runName' && value !== null)
            await change.db.updateTable('runs').set({ name: value }).where('number', 'in', numbers).execute()
        }
        return before
      })
    },
  }
}
