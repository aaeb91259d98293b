import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePorts } from '../../src/cli/loop/free-ports.ts'
import { javaJars } from '../servers/java-jars.ts'
import { type BrokerProcess, startBrokerProcess } from './broker-process.ts'

const run = promisify(execFile)
const pom = join(import.meta.dirname, 'kafka-pom.xml')

/** Why no Kafka can be had on this machine; undefined when it can. */
export const kafkaObstacle = (): Promise<string | undefined> =>
  run('java', ['-version'])
    .then(() => javaJars(pom))
    .then(
      () => undefined,
      (error) =>
        `Kafka was not tried: ${String((error as Error).message).slice(0, 200)}\nInstall with: sudo apt-get install default-jre-headless maven`,
    )

/** A real Kafka, one node, from Maven. */
export async function startKafka(): Promise<BrokerProcess> {
  const jars = await javaJars(pom)
  const folder = mkdtempSync(join(tmpdir(), 'kedge-kafka-'))
  const [port, controller] = (await freePorts(2)) as [number, number]
  const properties = join(folder, 'server.properties')
  writeFileSync(
    properties,
    [
      'process.roles=broker,controller',
      'node.id=1',
      `controller.quorum.voters=1@127.0.0.1:${controller}`,
      `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
      'controller.listener.names=CONTROLLER',
      `log.dirs=${join(folder, 'logs')}`,
      'offsets.topic.replication.factor=1',
      'offsets.topic.num.partitions=1',
      'transaction.state.log.replication.factor=1',
      'transaction.state.log.num.partitions=1',
      'transaction.state.log.min.isr=1',
      'group.initial.rebalance.delay.ms=0',
      'auto.create.topics.enable=false',
    ].join('\n'),
  )
  const java = (...args: string[]) => [
    '-Xmx400m',
    '-Xms128m',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    `${jars}/*`,
    ...args,
  ]
  await run('java', java('kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', properties))
  return startBrokerProcess('java', java('kafka.Kafka', properties), { port, folder })
}
