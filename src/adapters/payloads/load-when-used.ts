import { createRequire } from 'node:module'

/** A library that only those who have such messages need: loaded with the first of them, not with the server. */
export const loadWhenUsed = createRequire(import.meta.url)
