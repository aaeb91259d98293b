import type { Command } from 'commander'
import type { z } from 'zod'
import type { featureLookupAnswer, featureViewAnswer } from '../../protocols/kedge/schemas/features.ts'
import type { Act } from '../context.ts'
import { pointInTime } from '../option-values.ts'
import { moment } from '../readable.ts'
import { waitForJob } from '../wait-for-job.ts'

type View = z.output<typeof featureViewAnswer>

const span = (milliseconds: number | null) => {
  if (milliseconds === null) return null
  const seconds = milliseconds / 1000
  if (seconds < 120) return `${Number(seconds.toPrecision(3))} s`
  return seconds < 7200
    ? `${Math.round(seconds / 60)} min`
    : seconds < 172_800
      ? `${Math.round(seconds / 3600)} h`
      : `${Math.round(seconds / 86_400)} d`
}

/** Adds `kedge features` with its subcommands. */
export function addFeatures(program: Command, act: Act): void {
  const features = program.command('features').description('Look up features and make training sets of them')
  const base = (project: string) => `/api/v1/projects/${encodeURIComponent(project)}`

  act<{ search?: string }>(
    features
      .command('list')
      .description('List the feature views: whose they are, how fresh, how served')
      .option('--search <text>', 'only those with it in a name, description, owner or entity'),
    async ({ api, terminal, project }, { search }) => {
      const answer = await api.get<{ items: View[] }>(`${base(project)}/features`, { search })
      terminal.answer(answer, () =>
        terminal.table(
          ['VIEW', 'ENTITY', 'DATASET', 'OWNER', 'FEATURES', 'ENTITIES', 'FRESH', 'ROWS COME'],
          answer.items.map((view) => [
            ...[view.name, view.entity.join(', '), view.dataset, view.owner, view.features.length, view.entities],
            ...[
              view.problem === null ? span(view.freshness) : view.problem,
              view.live ? 'as they land' : 'with versions',
            ],
          ]),
        ),
      )
    },
  )
  act(
    features.command('show <view>').description('Show a feature view, its features and their skew'),
    async ({ api, terminal, project }, _options, [view]) => {
      const answer = await api.get<View>(`${base(project)}/features/${encodeURIComponent(view!)}`)
      terminal.answer(answer, () =>
        terminal.table(
          ['FEATURE', 'TYPE', 'MADE OF', 'OVER', 'DIFFERENT WHEN SERVED', 'DESCRIPTION'],
          answer.features.map((one) => [
            ...[one.name, one.type, `${one.how}${one.of === null ? '' : `: ${one.of}`}`, span(one.over)],
            one.skew.map(({ endpoint, different }) => `${endpoint} ${(different * 100).toFixed(2)} %`).join(', ') ||
              null,
            one.description,
          ]),
        ),
      )
    },
  )
  act<{ at?: number }>(
    features
      .command('lookup <view> <keys...>')
      .description(
        'Show the features of entities; where several columns name one, write their values with commas between',
      )
      .option('--at <time>', 'as they were known then; now when absent', pointInTime),
    async ({ api, terminal, project }, { at }, [view, ...keys]) => {
      const answer = await api.send<z.output<typeof featureLookupAnswer>>(
        'POST',
        `${base(project)}/features/${encodeURIComponent(view!)}/lookup`,
        { keys: keys.map((key) => (key.includes(',') ? key.split(',') : key)), ...(at === undefined ? {} : { at }) },
      )
      const names = Object.keys(answer.items[0]?.values ?? {})
      terminal.answer(answer, () =>
        terminal.table(
          ['KEY', ...names.map((name) => name.toUpperCase())],
          answer.items.map(({ key, values }) => [
            key,
            ...names.map((name) => (values[name] === null ? null : String(values[name]))),
          ]),
        ),
      )
    },
  )
  act<{
    labels?: string
    features?: string
    time?: string
    label?: string
    labelsVersion?: string
    from?: number
    to?: number
  }>(
    features
      .command('training-set <name>')
      .description('Make a version of a training set: each label row with the features as they were known at its time')
      .option('--labels <dataset>', 'dataset of the labels, for a set that kedge.yaml does not declare')
      .option('--features <names>', 'views, or features such as customers.age, with commas between')
      .option('--time <column>', "time of the labels; the dataset's own when absent")
      .option('--label <column>', 'the column that models learn')
      .option('--labels-version <version>', 'number, tag or latest')
      .option('--from <time>', 'first label time', pointInTime)
      .option('--to <time>', 'end of the window, not in it', pointInTime)
      .addHelpText(
        'after',
        '\nExamples:\n  $ kedge features training-set churn\n  $ kedge features training-set churn --labels churned --features activity,customers.age',
      ),
    async ({ api, terminal, project, world }, options, [name]) => {
      const { labels, features: names, labelsVersion, ...rest } = options
      const version =
        labelsVersion === undefined ? undefined : /^\d+$/.test(labelsVersion) ? Number(labelsVersion) : labelsVersion
      const { jobId } = await api.send<{ jobId: number }>(
        'POST',
        `${base(project)}/training-sets/${encodeURIComponent(name!)}/versions`,
        {
          ...rest,
          ...(labels ? { labels } : {}),
          ...(names ? { features: names.split(',') } : {}),
          ...(version === undefined ? {} : { version }),
        },
      )
      const progress = { what: `training set ${name}`, signal: world.signal, progress: terminal.progress }
      const made = await waitForJob<{ version: number; rowCount: number }>(api, { project, jobId }, progress)
      terminal.answer(made, () => `${name}@${made.version}: ${made.rowCount} rows, ${moment(Date.now())}\n`)
    },
  )
  act(
    features
      .command('skew <view>')
      .description('Compare served values with those of training, by the newest predictions'),
    async ({ api, terminal, project }, _options, [view]) => {
      const answer = await api.send<View>('POST', `${base(project)}/features/${encodeURIComponent(view!)}/skew`)
      terminal.answer(answer, () =>
        terminal.table(
          ['FEATURE', 'ENDPOINT', 'PREDICTIONS', 'DIFFERENT', 'MEAN DIFFERENCE'],
          answer.features.flatMap(({ name, skew }) =>
            skew.map(({ endpoint, samples, different, meanDifference }) => [
              ...[name, endpoint, samples, `${(different * 100).toFixed(2)} %`],
              meanDifference === null ? null : Number(meanDifference.toPrecision(4)),
            ]),
          ),
        ),
      )
    },
  )
}
