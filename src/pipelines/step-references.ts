/** What a pipeline names that is not in it. */
export interface DanglingReference {
  /** below the pipeline */
  path: (string | number)[]
  what: string
  /** the name at fault, and those that there are */
  name: string
  known: string[]
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}

/** Every step, output and input that a pipeline's steps name and that is not there. Takes any document, so that it works beside other mistakes. */
export function danglingReferences(pipeline: unknown): DanglingReference[] {
  const steps = record(record(pipeline).steps)
  const found: DanglingReference[] = []
  for (const [name, given] of Object.entries(steps)) {
    const { inputs, outputs, needs, register } = record(given)
    const complain = (path: (string | number)[], what: string, wrong: string, known: string[]) =>
      found.push({ path: ['steps', name, ...path], what, name: wrong, known })
    const others = Object.keys(steps).filter((other) => other !== name)
    for (const [input, source] of Object.entries(record(inputs))) {
      const { step, output } = record(source)
      if (typeof step !== 'string') continue
      if (!Object.hasOwn(steps, step)) complain(['inputs', input, 'step'], `there is no step ${step}`, step, others)
      else if (typeof output === 'string' && !Object.hasOwn(record(record(steps[step]).outputs), output))
        complain(
          ['inputs', input, 'output'],
          `the step ${step} has no output ${output}`,
          output,
          Object.keys(record(record(steps[step]).outputs)),
        )
    }
    if (Array.isArray(needs))
      for (const [index, need] of needs.entries())
        if (typeof need === 'string' && !Object.hasOwn(steps, need))
          complain(['needs', index], `there is no step ${need}`, need, others)
    const { output, holdout } = record(register)
    if (typeof output === 'string') {
      const path = record(outputs)[output]
      const folders = Object.entries(record(outputs)).filter(([, one]) => typeof one === 'string' && one.endsWith('/'))
      if (path === undefined || (typeof path === 'string' && !path.endsWith('/')))
        complain(
          ['register', 'output'],
          `${output} is not an output folder of this step (its path ends in /)`,
          output,
          folders.map(([folder]) => folder),
        )
    }
    if (typeof holdout === 'string' && record(record(inputs)[holdout]).dataset === undefined)
      complain(
        ['register', 'holdout'],
        `${holdout} is not a dataset input of this step`,
        holdout,
        Object.entries(record(inputs))
          .filter(([, one]) => record(one).dataset !== undefined)
          .map(([input]) => input),
      )
  }
  return found
}
