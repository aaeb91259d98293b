import { Menu } from '@mantine/core'
import type { ColumnChoice } from './column-chooser.tsx'

/** What can be done with one column, at its head. */
export function ColumnMenu({
  at,
  choice,
  onSort,
  onGroup,
  onClose,
}: {
  at: { name: string; place: DOMRect } | undefined
  choice: ColumnChoice
  onSort(sorted: string): void
  onGroup(field: string): void
  onClose(): void
}) {
  const name = at?.name ?? ''
  const isValue = name.includes('.')
  const sort = isValue
    ? name
    : ({ status: 'status', start: 'start_time', user: 'user_id' } as Record<string, string>)[name]
  const pinned = choice.pinned.includes(name)
  const group =
    isValue && !name.startsWith('metrics.')
      ? name
      : name === 'status' || name === 'user'
        ? `attributes.${sort}`
        : undefined
  return (
    <Menu opened={at !== undefined} onClose={onClose} position="bottom-start" shadow="md" width={190} withinPortal>
      <Menu.Target>
        <span
          style={{
            position: 'fixed',
            left: at?.place.left ?? 0,
            top: at?.place.top ?? 0,
            width: at?.place.width ?? 0,
            height: at?.place.height ?? 0,
            pointerEvents: 'none',
          }}
        />
      </Menu.Target>
      <Menu.Dropdown>
        {sort && <Menu.Item onClick={() => onSort(`-${sort}`)}>Largest first</Menu.Item>}
        {sort && <Menu.Item onClick={() => onSort(sort)}>Smallest first</Menu.Item>}
        <Menu.Item
          onClick={() => choice.pin(pinned ? choice.pinned.filter((one) => one !== name) : [...choice.pinned, name])}
        >
          {pinned ? 'Let it scroll' : 'Keep it in view'}
        </Menu.Item>
        {group && <Menu.Item onClick={() => onGroup(group)}>Group by it</Menu.Item>}
        <Menu.Item onClick={() => choice.show(choice.shown.filter((one) => one !== name))}>Hide</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
