import type { Environment } from '../environment.ts'
import { type ErrorPlace, KedgeError } from '../errors.ts'
import type { EndpointKey } from './stale.ts'

/** What each feature added to a prediction, as whoever served it explained it. */
export interface LoggedExplanation {
  /** of the prediction */
  id: string
  /** how it was made, such as `shap` */
  kind: string
  values: Record<string, number>
}

/** Explanations that callers made themselves: kept beside the prediction of the same id, whichever comes first. */
export function createLoggedExplanations({ events, clock }: Pick<Environment, 'events' | 'clock'>) {
  return {
    /** The same id and kind again replaces it. Errors: `invalid_input` with row and field. */
    async log({ project, endpoint }: EndpointKey, items: readonly LoggedExplanation[]): Promise<void> {
      const places: ErrorPlace[] = items.flatMap(({ values }, i) =>
        Object.entries(values).flatMap(([name, value]) =>
          Number.isFinite(value) ? [] : [{ where: `items.${i}.values.${name}`, what: 'is no number' }],
        ),
      )
      if (places.length > 0)
        throw new KedgeError(
          'invalid_input',
          { what: `${places.length} values of the explanations are no numbers` },
          { places: places.slice(0, 100) },
        )
      const received_at = new Date(clock()).toISOString()
      await events.insert(
        'logged_explanations',
        items.map(({ id, kind, values }) => ({ project, endpoint, id, kind, values, received_at })),
      )
    },

    of: ({ project, endpoint }: EndpointKey, id: string): Promise<LoggedExplanation[]> =>
      events.query<LoggedExplanation>(
        `SELECT id, kind, values FROM logged_explanations FINAL
         WHERE project = {project:String} AND endpoint = {endpoint:String} AND id = {id:String} ORDER BY kind`,
        { project, endpoint, id },
      ),
  }
}
