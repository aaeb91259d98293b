import { Button, Popover } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useMemo, useRef, useState } from 'react'
import type { RunColumn } from '../../../api/types.ts'
import { Icon } from '../../../components/icon.tsx'
import { count } from '../../../format/number.ts'
import { factNames, fieldOf, isOwnTag, moveColumn } from './chosen-columns.ts'
import classes from './table.module.css'

export interface ColumnChoice {
  /** in their order */
  shown: readonly string[]
  pinned: readonly string[]
  show(names: readonly string[]): void
  pin(names: readonly string[]): void
  /** back to what is shown without a choice */
  reset(): void
}

type Line =
  | { kind: 'section'; text: string }
  | { kind: 'column'; name: string; note: string | undefined; text: string; what: string; shown: boolean }

const lineHeight = 28
const whatOf: Record<string, string> = { metrics: 'metric', params: 'param', tags: 'tag' }

/** Chooses, pins and orders the columns of the table, among however many there are. */
export function ColumnChooser({ columns, choice }: { columns: readonly RunColumn[]; choice: ColumnChoice }) {
  return (
    <Popover position="bottom-end" shadow="md" withinPortal trapFocus>
      <Popover.Target>
        <Button variant="default" leftSection={<Icon name="columns" size={14} />}>
          Columns <span className="muted">&nbsp;{choice.shown.length}</span>
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="sm" style={{ background: 'var(--surface)' }}>
        <Chooser columns={columns} choice={choice} />
      </Popover.Dropdown>
    </Popover>
  )
}

function Chooser({ columns, choice }: { columns: readonly RunColumn[]; choice: ColumnChoice }) {
  const [text, setText] = useState('')
  const frame = useRef<HTMLDivElement>(null)
  const counts = useMemo(() => new Map(columns.map((one) => [fieldOf(one), one.runs])), [columns])
  const lines = useMemo(() => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean)
    const fits = (name: string) => words.every((word) => name.toLowerCase().includes(word))
    const line = (name: string, shown: boolean): Line => {
      const dot = name.indexOf('.')
      return {
        kind: 'column',
        name,
        shown,
        text: dot < 0 ? name : name.slice(dot + 1),
        what: dot < 0 ? '' : (whatOf[name.slice(0, dot)] ?? ''),
        note: counts.has(name) ? count(counts.get(name)) : undefined,
      }
    }
    const shown = new Set(choice.shown)
    const here = choice.shown.filter(fits)
    const others = [...factNames, ...columns.filter((one) => words.length > 0 || !isOwnTag(one)).map(fieldOf)].filter(
      (name) => !shown.has(name) && fits(name),
    )
    return {
      others,
      all: [
        ...(here.length > 0 ? [{ kind: 'section' as const, text: `Shown (${count(here.length)})` }] : []),
        ...here.map((name) => line(name, true)),
        ...(others.length > 0 ? [{ kind: 'section' as const, text: `Not shown (${count(others.length)})` }] : []),
        ...others.map((name) => line(name, false)),
      ],
    }
  }, [text, columns, counts, choice.shown])
  const virtual = useVirtualizer({
    count: lines.all.length,
    getScrollElement: () => frame.current,
    estimateSize: () => lineHeight,
    overscan: 6,
  })
  const toggle = (name: string, shown: boolean) =>
    choice.show(shown ? choice.shown.filter((one) => one !== name) : [...choice.shown, name])
  const step = (name: string, by: number) => {
    const at = choice.shown.indexOf(name)
    const to = at + by
    if (to < 0 || to >= choice.shown.length) return
    choice.show(moveColumn(choice.shown, name, choice.shown[by > 0 ? to + 1 : to]))
  }
  return (
    <div className={classes.chooser}>
      <input
        type="search"
        data-autofocus
        aria-label="Find a column"
        placeholder={`Find among ${count(columns.length + factNames.length)} columns`}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className={classes.chooserHead}>
        <button
          type="button"
          className={classes.link}
          disabled={lines.others.length === 0}
          onClick={() => choice.show(text.trim() ? [...choice.shown, ...lines.others] : ['*'])}
        >
          Show all {text.trim() ? `${count(lines.others.length)} that fit` : count(columns.length)}
        </button>
        <button type="button" className={classes.link} onClick={() => choice.show(['status'])}>
          Hide all
        </button>
        <button type="button" className={classes.link} onClick={choice.reset}>
          As usual
        </button>
      </div>
      <div className={classes.list} ref={frame}>
        <div style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const line = lines.all[item.index]!
            const style = { transform: `translateY(${item.start}px)` }
            if (line.kind === 'section')
              return (
                <div key={line.text} className={classes.section} style={style}>
                  {line.text}
                </div>
              )
            const isPinned = choice.pinned.includes(line.name)
            return (
              <div key={line.name} className={classes.item} style={style} title={line.name}>
                <label>
                  <input type="checkbox" checked={line.shown} onChange={() => toggle(line.name, line.shown)} />
                  <span className="clip">{line.text}</span>
                  <small>{line.what}</small>
                </label>
                {line.note && <small title={`${line.note} runs have it`}>{line.note}</small>}
                {line.shown && !text && (
                  <>
                    <button type="button" aria-label={`Move ${line.text} up`} onClick={() => step(line.name, -1)}>
                      ↑
                    </button>
                    <button type="button" aria-label={`Move ${line.text} down`} onClick={() => step(line.name, 1)}>
                      ↓
                    </button>
                  </>
                )}
                {line.shown && (
                  <button
                    type="button"
                    aria-pressed={isPinned}
                    aria-label={`Pin ${line.text}`}
                    title={isPinned ? 'Let it scroll' : 'Keep it in view'}
                    onClick={() =>
                      choice.pin(
                        isPinned ? choice.pinned.filter((one) => one !== line.name) : [...choice.pinned, line.name],
                      )
                    }
                  >
                    <Icon name="pin" size={12} />
                  </button>
                )}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
