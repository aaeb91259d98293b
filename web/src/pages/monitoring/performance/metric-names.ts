const names: Record<string, string> = {
  log_loss: 'log loss',
  brier: 'Brier score',
  auc: 'AUC',
  f1: 'F1',
  macro_f1: 'macro F1',
  mae: 'MAE',
  rmse: 'RMSE',
  mse: 'MSE',
  bias: 'mean error',
  matthews: 'Matthews correlation',
}

/** What a metric of the monitors is called. */
export const metricName = (metric: string): string => names[metric] ?? metric.replaceAll('_', ' ')

/** The one that is shown first: what the model was trained for, as far as that can be known. */
export const firstMetric = (metrics: readonly string[]): string | undefined =>
  ['log_loss', 'mae', 'accuracy'].find((name) => metrics.includes(name)) ?? metrics[0]
