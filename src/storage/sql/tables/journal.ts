export interface JournalTables {
  journal: {
    /** position: 1, 2, 3 … without gaps */
    id: number
    time: number
    type: string
    project: string
    actor: string
    /** `kind/name` of what changed */
    subject: string
    /** JSON */
    data: string
    /** id of the event that led to this one */
    cause: number | null
    hash: string
  }
  journal_cursors: {
    name: string
    position: number
    leased_by: string | null
    leased_until: number
    failures: number
    error: string | null
  }
  /** what came from what, as the events tell */
  lineage: {
    project: string
    thing: string
    source: string
    relation: string
    event_id: number
  }
}
