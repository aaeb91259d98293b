import { Modal } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { datasetsQuery, sourcesQuery } from '../api/data.ts'
import { pipelinesQuery } from '../api/pipelines.ts'
import { modelsQuery } from '../api/registry.ts'
import { endpointsQuery } from '../api/serving.ts'
import classes from './palette.module.css'
import { useProject, useProjectPath } from './project-context.tsx'
import { sections } from './sections.ts'

interface Target {
  kind: string
  name: string
  href: string
}

/** Goes to any page or named thing of the project by typing a part of its name. */
export const Palette = ({ opened, onClose }: { opened: boolean; onClose(): void }) => (
  <Modal
    opened={opened}
    onClose={onClose}
    withCloseButton={false}
    padding={0}
    size="md"
    centered={false}
    yOffset="12vh"
    aria-label="Find"
  >
    <Finder onClose={onClose} />
  </Modal>
)

function Finder({ onClose }: { onClose(): void }) {
  const [text, setText] = useState('')
  const [marked, setMarked] = useState(0)
  const [, go] = useLocation()
  const found = useTargets().filter(({ kind, name }) =>
    text
      .toLowerCase()
      .split(/\s+/)
      .every((word) => `${kind} ${name}`.toLowerCase().includes(word)),
  )
  const open = (target: Target | undefined) => {
    if (!target) return
    onClose()
    go(target.href)
  }
  return (
    <div className={classes.finder}>
      <input
        data-autofocus
        aria-label="Find a page or a thing"
        placeholder="Page, dataset, model, endpoint …"
        value={text}
        onChange={(event) => {
          setText(event.target.value)
          setMarked(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setMarked((at) => Math.min(at + 1, found.length - 1))
          else if (event.key === 'ArrowUp') setMarked((at) => Math.max(at - 1, 0))
          else if (event.key === 'Enter') open(found[marked])
          else return
          event.preventDefault()
        }}
      />
      <ul>
        {found.slice(0, 12).map((target, index) => (
          <li key={target.href}>
            <button
              type="button"
              data-marked={index === marked || undefined}
              onMouseEnter={() => setMarked(index)}
              onClick={() => open(target)}
            >
              <span>{target.name}</span>
              <span className="muted">{target.kind}</span>
            </button>
          </li>
        ))}
        {found.length === 0 && <li className={classes.none}>Nothing of this name</li>}
      </ul>
    </div>
  )
}

function useTargets(): Target[] {
  const project = useProject()
  const to = useProjectPath()
  const sources = useQuery(sourcesQuery(project)).data?.items ?? []
  const datasets = useQuery(datasetsQuery(project)).data?.items ?? []
  const pipelines = useQuery(pipelinesQuery(project)).data?.items ?? []
  const models = useQuery(modelsQuery(project)).data?.items ?? []
  const endpoints = useQuery(endpointsQuery(project)).data?.items ?? []
  const named = (kind: string, folder: string, things: { name: string }[]) =>
    things.map(({ name }) => ({ kind, name, href: to(folder, name) }))
  return [
    ...sections.map((section) => ({ kind: 'page', name: section.title, href: to() + section.path })),
    ...named('endpoint', 'endpoints', endpoints),
    ...named('model', 'models', models),
    ...named('pipeline', 'pipelines', pipelines),
    ...named('dataset', 'data', datasets),
    ...named('source', 'sources', sources),
  ]
}
