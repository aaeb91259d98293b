import { z } from 'zod'
import type { SourceTable } from '../../contracts/source.ts'

/** What kinds of tables say of rows that are new. */
export const incrementalSettings = {
  incremental: z.string().optional().meta({
    description:
      'column that grows, such as an id or a time of insertion; for datasets with mode: incremental; rows without a value in it are not read',
  }),
  lag: z.number().min(0).optional().meta({
    description:
      'how much less than the last value that of a late row may be, in seconds for times: so much is read again, and rows that are there already are left out',
  }),
  key: z.array(z.string().min(1)).min(1).optional().meta({
    description: 'columns by which a row that is read again is known; by all of its values when absent',
  }),
}

/** The same for the table that is read. */
export const incrementalTable = ({
  incremental,
  lag,
  key,
}: {
  incremental?: string | undefined
  lag?: number | undefined
  key?: string[] | undefined
}): Pick<SourceTable, 'incremental' | 'lag' | 'key'> => ({
  ...(incremental === undefined ? {} : { incremental }),
  ...(lag === undefined ? {} : { lag }),
  ...(key === undefined ? {} : { key }),
})
