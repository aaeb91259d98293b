import type { AssessmentKind, TraceState } from '../../storage/sql/tables/traces.ts'

export interface AssessmentError {
  code: string
  message: string | null
  stack: string | null
}

/** What somebody or something thinks of a trace: feedback on it, or what was expected. */
export interface Assessment {
  id: string
  traceId: string
  kind: AssessmentKind
  name: string
  value: unknown
  error: AssessmentError | null
  source: { type: string; id: string | null }
  spanId: string | null
  rationale: string | null
  metadata: Record<string, string> | null
  overrides: string | null
  valid: boolean
  createdAt: number
  updatedAt: number
}

/** What is known of a trace besides its spans. */
export interface TraceInfo {
  id: string
  experimentId: string
  /** milliseconds since 1970 */
  time: number
  /** milliseconds; null while it goes on */
  duration: number | null
  state: TraceState
  clientRequestId: string | null
  requestPreview: string | null
  responsePreview: string | null
  sourceRun: string | null
  session: string | null
  tags: Record<string, string>
  metadata: Record<string, string>
  assessments: Assessment[]
}

export const traceTags = {
  name: 'mlflow.traceName',
  spansLocation: 'mlflow.trace.spansLocation',
  artifactLocation: 'mlflow.artifactLocation',
  linkedPrompts: 'mlflow.linkedPrompts',
} as const

export const traceMetadata = {
  sourceRun: 'mlflow.sourceRun',
  sizeStats: 'mlflow.trace.sizeStats',
  session: 'mlflow.trace.session',
  user: 'mlflow.trace.user',
  tokenUsage: 'mlflow.trace.tokenUsage',
  cost: 'mlflow.trace.cost',
  finalized: 'mlflow.trace.infoFinalized',
} as const

/** The tag `mlflow.trace.spansLocation` of a trace whose spans are here, not in a file that its client uploads. */
export const inStore = 'TRACKING_STORE'
