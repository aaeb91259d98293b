import { expect, it } from 'vitest'
import { condaRequirements, modelRequirements } from './model-requirements.ts'

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

it('takes what conda.yaml names, of pip and of conda', () => {
  const conda = `channels:
- conda-forge
dependencies:
- python=3.11.7
- pip<=24
- conda-forge::numpy=2.4.6
- scipy
- pip:
  - mlflow==3.17.2
  - scikit-learn==1.9.1
name: mlflow-env`
  expect(condaRequirements(conda)).toBe('numpy==2.4.6\nscipy\nmlflow==3.17.2\nscikit-learn==1.9.1')
  expect(condaRequirements('')).toBe('')
})
