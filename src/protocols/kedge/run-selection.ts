import { z } from 'zod'

export const inProject = z.object({ project: z.string() })
export const tag = 'tracking'

const views = { active: 'ACTIVE_ONLY', deleted: 'DELETED_ONLY', all: 'ALL' } as const
export const view = z.enum(['active', 'deleted', 'all']).default('active')
/** MLflow's name for a view. */
export const viewOf = (asked: keyof typeof views) => views[asked]

/** Query fields that choose runs and their order. */
export const selection = {
  experiment: z.string().optional().describe('ids of experiments, separated by commas; all when absent'),
  filter: z
    .string()
    .optional()
    .describe("such as metrics.auc > 0.7 AND (params.model = 'tree' OR tags.kind LIKE 'a%')"),
  order: z.string().optional().describe('such as metrics.auc DESC, several separated by commas'),
  view,
}

const mostSelected = 10_000
/** Runs that were selected by hand. */
export const selected = { most: mostSelected, ids: z.array(z.string()).min(1).max(mostSelected) }

/** Commas inside a quoted key separate nothing. */
const orderClauses = (order: string) =>
  (order.match(/(?:`[^`]*`|"[^"]*"|[^,`"])+/g) ?? []).map((clause) => clause.trim())

/** The query fields as tracking's search takes them. */
export const search = (query: {
  experiment?: string | undefined
  filter?: string | undefined
  order?: string | undefined
  view: keyof typeof views
}) => ({
  experimentIds: query.experiment?.split(',').filter(Boolean),
  filter: query.filter,
  orderBy: query.order === undefined ? undefined : orderClauses(query.order),
  view: views[query.view],
})
