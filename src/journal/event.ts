import type { z } from 'zod'

/** `thing` came from `source`; both are subjects, `kind/name`. */
export interface LineageEdge {
  thing: string
  source: string
  /** how, in a word or two: `trained on`, `served by` */
  relation: string
}

export interface EventDefinition<Data extends z.ZodType = z.ZodType> {
  /** what happened, in a sentence, for the catalogue's documentation */
  description: string
  /** what changed; names and numbers, never a secret */
  data: Data
  /** what the event says about where things come from */
  lineage: (subject: string, data: z.infer<Data>) => LineageEdge[]
}

/** Declares one kind of event; its key in the catalogue is its type: `subject.happened`. */
export const event = <Data extends z.ZodType>(
  description: string,
  data: Data,
  lineage: (subject: string, data: z.infer<Data>) => LineageEdge[] = () => [],
): EventDefinition<Data> => ({ description, data, lineage })
