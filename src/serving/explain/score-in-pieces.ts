import type { ExplainedModel } from '../../contracts/explainer.ts'

/** Asks a model for the scores of any number of rows, `piece` rows a call at most. */
export const scoreInPieces =
  (ask: ExplainedModel['score'], piece: number): ExplainedModel['score'] =>
  async (columns, rows) => {
    if (rows <= piece) return ask(columns, rows)
    const scores = new Float64Array(rows)
    for (let from = 0; from < rows; from += piece) {
      const to = Math.min(rows, from + piece)
      scores.set(
        await ask(
          columns.map((column) => column.slice(from, to)),
          to - from,
        ),
        from,
      )
    }
    return scores
  }
