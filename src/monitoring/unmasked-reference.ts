import type { ReferenceView } from '../contracts/monitor-kind.ts'
import { createMemory } from '../statistics/memory.ts'
import type { Slice } from '../statistics/slice.ts'

/** The reference without the features that stand on record masked: a pseudonym has nothing that it could be compared with. */
export function unmaskedReference(reference: ReferenceView, masked: readonly string[] = []): ReferenceView {
  if (masked.length === 0) return reference
  // limits are kept for the view of a reference that they were calibrated on
  return unmasked(reference, JSON.stringify(masked), () => without(reference, masked))
}

const unmasked = createMemory<ReferenceView, ReferenceView>()

function without(reference: ReferenceView, masked: readonly string[]): ReferenceView {
  const ofSlice = (slice: Slice): Slice => ({
    ...slice,
    features: new Map([...slice.features].filter(([name]) => !masked.includes(name))),
    groups: new Map([...slice.groups].filter(([segment]) => !masked.some((name) => segment.startsWith(`${name}=`)))),
  })
  return { ...reference, whole: ofSlice(reference.whole), days: reference.days.map(ofSlice) }
}
