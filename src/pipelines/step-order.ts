interface StepNeeds {
  inputs: Record<string, { step: string } | object>
  needs: readonly string[]
}

/** Steps whose success a step waits for. */
export const waitsFor = (step: StepNeeds): string[] => [
  ...new Set([
    ...step.needs,
    ...Object.values(step.inputs).flatMap((input) => ('step' in input ? [input.step as string] : [])),
  ]),
]

/** Names in an order in which each follows all that it waits for, or a circle of steps that wait for each other. */
export function stepOrder(steps: Record<string, StepNeeds>): { order: string[]; circle?: string[] } {
  const order: string[] = []
  const path: string[] = []
  const visit = (name: string): string[] | undefined => {
    if (order.includes(name) || !steps[name]) return undefined
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name]
    path.push(name)
    for (const need of waitsFor(steps[name])) {
      const circle = visit(need)
      if (circle) return circle
    }
    path.pop()
    order.push(name)
    return undefined
  }
  for (const name of Object.keys(steps)) {
    const circle = visit(name)
    if (circle) return { order, circle }
  }
  return { order }
}
