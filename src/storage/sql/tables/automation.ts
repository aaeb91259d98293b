import type { Generated } from 'kysely'

export type RuleState = 'active' | 'tripped'
export type FiringState =
  /** left alone, with a reason */
  | 'ignored'
  /** will be looked at again when the rule may fire */
  | 'waiting'
  /** its pipeline run, or the gate after it, has not ended */
  | 'running'
  | 'succeeded'
  | 'failed'
export type WebhookStatus = 'ACTIVE' | 'DISABLED'
export type DeliveryState = 'queued' | 'delivered' | 'failed'

export interface AutomationTables {
  automation_rules: {
    id: Generated<number>
    project: string
    name: string
    /** JSON of a RuleSpec */
    spec: string
    state: RuleState
    /** retrainings in a row that led to nothing */
    failures: number
    /** event time for alerts, the clock's for others */
    last_fired: number | null
    created_at: number
    updated_at: number
  }
  rule_firings: {
    id: Generated<number>
    project: string
    rule: string
    /** names the cause; the same cause is looked at once */
    cause_key: string
    /** event that is the cause; null for schedules */
    cause: number | null
    /** what the cause is about: `alert/3` */
    subject: string
    /** event time for alerts, the clock's for others */
    time: number
    state: FiringState
    reason: string | null
    pipeline_run: number | null
    /** JSON: [{ model, version, result }] */
    gates: string
    created_at: number
    finished_at: number | null
  }
  channels: {
    id: Generated<number>
    project: string
    name: string
    kind: string
    /** JSON of a ChannelSpec */
    spec: string
    created_at: number
    updated_at: number
  }
  /** MLflow's webhooks: channels that are made through its API. A deleted one keeps its row. */
  webhooks: {
    /** UUID */
    id: string
    project: string
    name: string
    description: string | null
    url: string
    /** JSON: MLflow's names, `model_version.created` */
    events: string
    status: WebhookStatus
    /** its key is among the project's secrets */
    signed: number
    created_at: number
    updated_at: number
    deleted_at: number | null
  }
  channel_deliveries: {
    /** UUID, sent along, the same at every try */
    id: string
    project: string
    /** a channel's name, or `webhook/` and the id of one */
    channel: string
    /** id in the journal; null for a test */
    event: number | null
    type: string
    subject: string
    state: DeliveryState
    attempts: number
    status: number | null
    reason: string | null
    next_at: number | null
    created_at: number
    finished_at: number | null
  }
}
