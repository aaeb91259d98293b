import { Kbd, Modal } from '@mantine/core'
import { sections } from './sections.ts'
import classes from './shortcut-help.module.css'

const others: [string[], string][] = [
  [['/'], "The page's filter"],
  [['Ctrl', 'K'], 'Find a page or a thing'],
  [['?'], 'This help'],
  [['Esc'], 'Leave a field, close what is open'],
]

export const ShortcutHelp = ({ opened, onClose }: { opened: boolean; onClose(): void }) => (
  <Modal opened={opened} onClose={onClose} title="Keyboard" size="md">
    <dl className={classes.list}>
      {sections.map((section) => (
        <Shortcut key={section.key} keys={['g', section.key]} text={section.title} />
      ))}
      {others.map(([keys, text]) => (
        <Shortcut key={text} keys={keys} text={text} />
      ))}
    </dl>
    <p className="muted">
      Every filter and every open tab is in the address: copy it to share what you see. A dotted number explains itself
      when you point at it.
    </p>
  </Modal>
)

const Shortcut = ({ keys, text }: { keys: string[]; text: string }) => (
  <div className={classes.row}>
    <dt>
      {keys.map((key) => (
        <Kbd key={key} size="xs">
          {key}
        </Kbd>
      ))}
    </dt>
    <dd>{text}</dd>
  </div>
)
