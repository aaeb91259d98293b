import { cut } from './limits.ts'
import { type SpanDocument, spanAttribute } from './span.ts'
import { plainValue } from './span-value.ts'

const typeKeys = ['mlflow.spanType', 'openinference.span.kind', 'traceloop.span.kind', 'gen_ai.operation.name']

/** What kind of work a span is, such as LLM or TOOL, by the names that MLflow and others give it. */
export function spanType(span: SpanDocument): string {
  for (const key of typeKeys) {
    const value = plainValue(spanAttribute(span, key) ?? null)
    // clients of MLflow before 3 write it as JSON
    if (typeof value === 'string') return cut(value.replace(/^"(.*)"$/, '$1'), 250)
  }
  return 'UNKNOWN'
}
