/** What the metrics of the monitors are called. */
export const metricNames: Record<string, string> = {
  log_loss: 'log loss',
  brier: 'Brier score',
  auc: 'AUC',
  calibration: 'calibration',
  accuracy: 'accuracy',
  f1: 'F1',
  macro_f1: 'macro F1',
  mae: 'MAE',
  rmse: 'RMSE',
  mse: 'MSE',
  bias: 'mean error',
}
