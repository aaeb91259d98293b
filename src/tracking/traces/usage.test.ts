import { expect, it } from 'vitest'
import type { SpanDocument } from './span.ts'
import { sumUsage, usageOf } from './usage.ts'

const span = (attributes: SpanDocument['attributes']) => ({ attributes }) as SpanDocument
const tokens = (total_tokens: number) => ({ tokens: { total_tokens } })

it('counts the uppermost spans that say what was used', () => {
  expect(
    sumUsage([
      { id: 'root', parent: null, usage: undefined },
      { id: 'a', parent: 'root', usage: tokens(10) },
      { id: 'b', parent: 'a', usage: tokens(4) },
      { id: 'c', parent: 'between', usage: tokens(3) },
      { id: 'between', parent: 'a', usage: undefined },
      { id: 'd', parent: 'root', usage: { ...tokens(5), cost: { total_cost: 0.5 } } },
      { id: 'loop', parent: 'loop', usage: tokens(1) },
    ]),
  ).toEqual({ tokens: { total_tokens: 15 }, cost: { total_cost: 0.5 } })
  expect(sumUsage([{ id: 'a', parent: null, usage: undefined }])).toEqual({})
})

it("reads MLflow's attributes and OpenTelemetry's", () => {
  expect(usageOf(span({ 'mlflow.chat.tokenUsage': { input_tokens: 1, total_tokens: 3 } }))).toEqual({
    tokens: { input_tokens: 1, total_tokens: 3 },
  })
  expect(usageOf(span({ 'mlflow.llm.cost': '{"total_cost": 0.25}' }))).toEqual({ cost: { total_cost: 0.25 } })
  expect(usageOf(span({ 'gen_ai.usage.input_tokens': 2, 'gen_ai.usage.output_tokens': 5 }))).toEqual({
    tokens: { input_tokens: 2, output_tokens: 5, total_tokens: 7 },
  })
  expect(usageOf(span({ 'mlflow.chat.tokenUsage': 'many', other: 1 }))).toBeUndefined()
})
