/** Where the items of a kind stand in the file, by their names; rules are in a list of their own, `automation`. */
export const sections = {
  source: 'sources',
  dataset: 'datasets',
  feature_view: 'features',
  training_set: 'training_sets',
  model: 'models',
  pipeline: 'pipelines',
  endpoint: 'endpoints',
  monitors: 'monitors',
  channel: 'channels',
} as const
