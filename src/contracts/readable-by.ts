import type { z } from 'zod'

/** For `.check(…)` of a schema: a value is right when `read` can read it, and what it throws is the issue. */
export const readableBy =
  <T>(read: (value: T) => unknown) =>
  (context: z.core.ParsePayload<T>): void => {
    try {
      read(context.value)
    } catch (error) {
      context.issues.push({ code: 'custom', input: context.value, message: (error as Error).message })
    }
  }
