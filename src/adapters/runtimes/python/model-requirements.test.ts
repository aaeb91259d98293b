import { expect, it } from 'vitest'
import { modelRequirements } from './model-requirements.ts'

it('takes what MLflow wrote, with the light package of MLflow', () => {
  expect(modelRequirements('mlflow==3.17.2\nscikit-learn==1.9.1 # the model\n\n# nothing\nnumpy==2.4.6')).toEqual([
    'mlflow-skinny==3.17.2',
    'scikit-learn==1.9.1',
    'numpy==2.4.6',
    'pandas',
  ])
  expect(modelRequirements('mlflow-skinny==3.17.2\npandas<3\nmlflow-export==1')).toEqual([
    'mlflow-skinny==3.17.2',
    'pandas<3',
    'mlflow-export==1',
    'numpy',
  ])
  expect(modelRequirements('mlflow[extras]>=3')).toEqual(['mlflow-skinny>=3', 'pandas', 'numpy'])
  expect(modelRequirements('')).toEqual(['mlflow-skinny', 'pandas', 'numpy'])
})
