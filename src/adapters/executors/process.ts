import { existsSync } from 'node:fs'
import { defineExecutor } from '../../contracts/executor.ts'
import { diesWithParent, limitedCommand, threadLimits } from './limited-command.ts'
import { runSupervised } from './run-supervised.ts'

export default defineExecutor({
  kind: 'process',
  title: 'A process of this machine, with the rights of Kedge itself',
  cannotPrevent: ['that the step reads or writes files outside its folder', 'that it reaches the network'],
  protectsInputs: false,
  async available() {
    if (existsSync('/proc/self/stat')) return { available: true }
    return {
      available: false,
      why: 'This system has no /proc, by which the limits are enforced',
      todo: 'Run Kedge on Linux, or in a Linux container.',
    }
  },
  async run(step, options) {
    const argv = [...(await diesWithParent()), ...(await limitedCommand(step.command, step.limits))]
    return runSupervised({ ...step, env: { ...threadLimits(step.limits.cpus), ...step.env } }, argv, options)
  },
})
