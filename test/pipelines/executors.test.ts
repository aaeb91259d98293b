import { executors } from '../../src/adapters/executors/index.generated.ts'
import { executorSuite } from './executor.suite.ts'

for (const executor of executors) executorSuite(executor)
