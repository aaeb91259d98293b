import { Drawer } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { useLocation } from 'wouter'
import { Icon } from '../components/icon.tsx'
import { rememberProject } from './last-project.ts'
import { Navigation } from './navigation.tsx'
import { Palette } from './palette.tsx'
import { ProjectProvider } from './project-context.tsx'
import classes from './shell.module.css'
import { ShortcutHelp } from './shortcut-help.tsx'
import { TopBar } from './top-bar.tsx'
import { useShortcuts } from './use-shortcuts.ts'

/** What stands around every page of a project: navigation, top bar, keyboard, the live connection. */
export function ProjectShell({ project, children }: { project: string; children: ReactNode }) {
  const [open, setOpen] = useState<'help' | 'palette' | 'menu'>()
  const close = () => setOpen(undefined)
  const [location] = useLocation()
  useShortcuts(project, { help: () => setOpen('help'), palette: () => setOpen('palette') })
  useEffect(() => rememberProject(project), [project])
  // biome-ignore lint/correctness/useExhaustiveDependencies: going somewhere closes what lies above the page
  useEffect(close, [location])
  return (
    <ProjectProvider project={project}>
      <a href="#main" className={classes.skip}>
        Skip to the page
      </a>
      <div className={classes.shell}>
        <aside className={classes.side}>
          <Navigation />
        </aside>
        <div className={classes.column}>
          <TopBar onHelp={() => setOpen('help')} onPalette={() => setOpen('palette')} onMenu={() => setOpen('menu')} />
          <main id="main" className={classes.main} tabIndex={-1}>
            {children}
          </main>
        </div>
      </div>
      <Drawer opened={open === 'menu'} onClose={close} size={240} withCloseButton={false} padding={0} title={undefined}>
        <button type="button" className={classes.closeMenu} onClick={close} aria-label="Close the menu">
          <Icon name="close" />
        </button>
        <Navigation />
      </Drawer>
      <ShortcutHelp opened={open === 'help'} onClose={close} />
      <Palette opened={open === 'palette'} onClose={close} />
    </ProjectProvider>
  )
}
