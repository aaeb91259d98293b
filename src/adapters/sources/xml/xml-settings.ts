import { z } from 'zod'

export const xmlSettings = {
  record: z
    .string()
    .regex(/^\/{0,2}(?:[\w.-]+:)?[\w.-]+(?:\/(?:[\w.-]+:)?[\w.-]+)*$/u, 'is a name as book, or a path as /catalog/book')
    .meta({ description: 'the element that is a row: its name, or its path from the root as /catalog/book' }),
  namespaces: z
    .record(z.string().regex(/^[\w.-]+$/), z.string().min(1))
    .default({})
    .meta({ description: 'prefixes for namespaces; names of others have none' }),
  lists: z
    .array(z.string().min(1))
    .default([])
    .meta({ description: 'columns whose elements may come more than once in a row: they become JSON lists' }),
}
export type XmlSettings = z.output<z.ZodObject<typeof xmlSettings>>

export const xmlFaults = { repeated: 'an element comes more than once' }
