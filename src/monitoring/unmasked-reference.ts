import type { ReferenceView } from '../contracts/monitor-kind.ts'
import type { Slice } from '../statistics/slice.ts'

/** The reference without the features that stand on record masked: a pseudonym has nothing that it could be compared with. */
export function unmaskedReference(reference: ReferenceView, masked: readonly string[] = []): ReferenceView {
  if (masked.length === 0) return reference
  const without = (slice: Slice): Slice => ({
    ...slice,
    features: new Map([...slice.features].filter(([name]) => !masked.includes(name))),
    groups: new Map([...slice.groups].filter(([segment]) => !masked.some((name) => segment.startsWith(`${name}=`)))),
  })
  return { ...reference, whole: without(reference.whole), days: reference.days.map(without) }
}
