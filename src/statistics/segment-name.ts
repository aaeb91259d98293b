const between = / & (?=[^=&]+=)/

/** Conditions of a segment's name: `carrier=AA & origin=SFO` has two. A value may hold ` & ` itself. */
export const segmentConditions = (segment: string): { feature: string; is: string }[] =>
  segment.split(between).map((part) => {
    const at = part.indexOf('=')
    return { feature: part.slice(0, at), is: part.slice(at + 1) }
  })

/** The attributes that a segment is of: `carrier`, or `carrier & origin`. */
export const segmentAttribute = (segment: string): string =>
  segmentConditions(segment)
    .map(({ feature }) => feature)
    .join(' & ')

/** The name of the segment where all of these hold, in the order of their texts. */
export const segmentName = (conditions: readonly { feature: string; is: string }[]): string =>
  conditions
    .map(({ feature, is }) => `${feature}=${is}`)
    .sort()
    .join(' & ')
