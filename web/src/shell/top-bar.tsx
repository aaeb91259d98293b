import { ActionIcon, Kbd, Menu, Tooltip, useMantineColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { projectsQuery } from '../api/projects.ts'
import { Icon } from '../components/icon.tsx'
import { Dot } from '../components/state-badge.tsx'
import { useLiveState, useProject } from './project-context.tsx'
import classes from './shell.module.css'

const schemes = {
  auto: { next: 'light', icon: 'auto', text: 'as the system' },
  light: { next: 'dark', icon: 'sun', text: 'light' },
  dark: { next: 'auto', icon: 'moon', text: 'dark' },
} as const

export function TopBar({ onHelp, onPalette, onMenu }: { onHelp(): void; onPalette(): void; onMenu(): void }) {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const scheme = schemes[colorScheme]
  return (
    <header className={classes.top}>
      <ActionIcon className={classes.menuButton} onClick={onMenu} aria-label="Menu">
        <Icon name="menu" />
      </ActionIcon>
      <ProjectSwitch />
      <div className={classes.spring} />
      <LiveMark />
      <button type="button" className={classes.find} onClick={onPalette} aria-label="Find a page or a thing">
        <Icon name="search" size={14} />
        <span>Find…</span>
        <Kbd size="xs">Ctrl K</Kbd>
      </button>
      <Tooltip label={`Colours: ${scheme.text}`}>
        <ActionIcon onClick={() => setColorScheme(scheme.next)} aria-label={`Colours: ${scheme.text}. Change`}>
          <Icon name={scheme.icon} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Keyboard (?)">
        <ActionIcon onClick={onHelp} aria-label="Keyboard shortcuts">
          <Icon name="help" />
        </ActionIcon>
      </Tooltip>
    </header>
  )
}

function ProjectSwitch() {
  const project = useProject()
  const projects = useQuery(projectsQuery())
  const [, go] = useLocation()
  return (
    <Menu position="bottom-start" shadow="sm" width={240}>
      <Menu.Target>
        <button type="button" className={classes.project} aria-label={`Project ${project}. Change`}>
          <span className="clip">{project}</span>
          <Icon name="down" size={12} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Projects</Menu.Label>
        {(projects.data?.items ?? [{ name: project }]).map(({ name }) => (
          <Menu.Item
            key={name}
            onClick={() => go(`/projects/${encodeURIComponent(name)}`)}
            fw={name === project ? 650 : undefined}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

const liveTexts = {
  connecting: ['idle', 'Connecting', 'Opening the stream of journal events'],
  open: ['good', 'Live', 'Each change shows here as it happens, by server-sent events from the journal'],
  lost: ['bad', 'Offline', 'The server does not answer; this page tries again by itself'],
} as const

function LiveMark() {
  const [tone, text, explanation] = liveTexts[useLiveState()]
  return (
    <Tooltip label={explanation}>
      <span className={classes.live} role="status">
        <Dot tone={tone} />
        <span>{text}</span>
      </span>
    </Tooltip>
  )
}
