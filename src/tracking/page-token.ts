import { KedgeError } from '../errors.ts'

export interface Page {
  offset: number
  /** what existed when the first page was asked for: later additions do not move the pages */
  head?: number
}

/** Opaque to clients, in MLflow's form: base64 of JSON. */
export const encodePage = (page: Page): string => Buffer.from(JSON.stringify(page)).toString('base64')

/** The token of the next page, if more than `limit` rows were found from `offset` on. */
export const nextPage = (found: number, limit: number, offset: number): { next?: string } =>
  found > limit ? { next: encodePage({ offset: offset + limit }) } : {}

/** The page that a token asks for, the first without one. Errors: `invalid_input` for a token that no page has given. */
export function decodePage(token: string | undefined): Page {
  if (!token) return { offset: 0 }
  try {
    const page = JSON.parse(Buffer.from(token, 'base64').toString()) as Page
    if (
      Number.isSafeInteger(page.offset) &&
      page.offset >= 0 &&
      (page.head === undefined || Number.isSafeInteger(page.head))
    )
      return page
  } catch {
    // said below
  }
  throw new KedgeError('invalid_input', { what: 'Invalid page token, could not base64-decode' })
}
