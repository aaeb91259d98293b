import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { ApiError, authorization } from '../../api/client.ts'
import type { EndpointDetail } from '../../api/types.ts'
import { Snippet } from '../../components/copy.tsx'
import { Empty } from '../../components/empty.tsx'
import { Failure } from '../../components/failure.tsx'
import { Panel } from '../../components/panel.tsx'
import { askedFeatures, type Features, predictUrl } from './snippets.ts'
import classes from './try-it.module.css'

/** Asks the endpoint with values that are typed in; the answer is a real prediction, but has no id to join an actual with. */
export function TryIt({
  endpoint,
  features,
  onChange,
}: {
  endpoint: EndpointDetail
  features: Features
  onChange(features: Features): void
}) {
  const ask = useMutation({ mutationFn: () => predict(endpoint, features) })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    ask.mutate()
  }
  return (
    <Panel title="Try it">
      {endpoint.features === null || endpoint.features.length === 0 ? (
        <Empty title="The features are not known yet" compact>
          They are read from the model when a revision answers.
        </Empty>
      ) : (
        <form className={classes.form} onSubmit={submit}>
          {askedFeatures(endpoint).map(({ name, type }) => (
            <label key={name}>
              <span className="clip">{name}</span>
              <input
                type={type === 'number' ? 'number' : 'text'}
                step="any"
                value={features[name] ?? ''}
                onChange={(event) =>
                  onChange({
                    ...features,
                    [name]:
                      type === 'number' && event.target.value !== '' ? Number(event.target.value) : event.target.value,
                  })
                }
              />
            </label>
          ))}
          <Button type="submit" loading={ask.isPending}>
            Predict
          </Button>
        </form>
      )}
      {ask.error && <Failure error={ask.error} />}
      {ask.data !== undefined && (
        <div style={{ marginTop: 12 }}>
          <Snippet text={JSON.stringify(ask.data, null, 2)} label="Copy the answer" />
        </div>
      )}
    </Panel>
  )
}

async function predict(endpoint: EndpointDetail, features: Features): Promise<unknown> {
  let response: Response
  try {
    response = await fetch(predictUrl(endpoint), {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...authorization() },
      body: JSON.stringify({ instances: [{ features }] }),
    })
  } catch {
    throw new ApiError(0, {
      code: 'unreachable',
      message: 'The inference process cannot be reached from this page',
      todo: 'Use the snippet beside: the browser asks from another address than the endpoint’s.',
    })
  }
  const answer = await response.json().catch(() => undefined)
  if (!response.ok)
    throw new ApiError(
      response.status,
      typeof answer?.error === 'string' ? { message: answer.error } : (answer?.error ?? {}),
    )
  return answer
}
