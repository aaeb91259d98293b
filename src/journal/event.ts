import type { z } from 'zod'

export interface EventDefinition<Data extends z.ZodType = z.ZodType> {
  /** what happened, in a sentence, for the catalogue's documentation */
  description: string
  /** what changed; names and numbers, never a secret */
  data: Data
}

/** Declares one kind of event; its key in the catalogue is its type: `subject.happened`. */
export const event = <Data extends z.ZodType>(description: string, data: Data): EventDefinition<Data> => ({ description, data })
