import { defineMonitorKind } from '../../../contracts/monitor-kind.ts'
import { badShares } from '../../../statistics/bad-shares.ts'
import { typeOf } from '../../../statistics/slice.ts'
import { cardinalityScores, unitScores } from './feature-scores.ts'
import { labelScores } from './label-scores.ts'
import { rowScores } from './row-scores.ts'
import { schemaScore } from './schema-score.ts'
import { shareScore } from './share-score.ts'

const title = (name: string, text: string, unit: string) => ({ name: `quality.${name}`, title: text, unit })

export default defineMonitorKind({
  family: 'quality',
  title: 'Quality',
  description:
    'Missing values, wrong types, values and categories that the reference has not, forms of texts, changed units and schemas, repeated rows',
  alpha: 0.001,
  monitors: [
    ...badShares.map((share) => title(share.name, share.title, 'share of rows')),
    title('unit', 'Changed unit', 'log₁₀ of the factor'),
    title('cardinality', 'Number of categories', 'categories'),
    title('schema', 'Changed schema', 'features'),
    title('duplicates', 'Repeated rows', 'share of rows'),
    title('correlation', 'Changed correlation', ''),
    title('labels', 'Classes in other words', 'share of rows'),
  ],
  needs: 'sample',
  evaluate(window, reference, settings) {
    if (!reference) return labelScores(window, settings)
    const features = [...reference.whole.features].filter(
      ([name]) => !name.startsWith('$') && (settings.features?.includes(name) ?? true),
    )
    const enough = window.slice.rows >= settings.minRows
    return [
      ...labelScores(window, settings),
      ...features.flatMap(([name, profile]) => [
        ...badShares
          .filter((share) => share.applies(profile))
          .map((share) => shareScore(share, name, window, reference, settings)),
        ...(enough && typeOf(profile) === 'numeric' ? unitScores(name, window, reference, settings) : []),
        ...(enough && typeOf(profile) === 'categorical' ? cardinalityScores(name, window, reference, settings) : []),
      ]),
      ...(enough ? [schemaScore(window, reference, settings), ...rowScores(window, reference, settings)] : []),
    ]
  },
})
