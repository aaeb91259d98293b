import { CopyButton, Tooltip } from '@mantine/core'
import classes from './copy.module.css'
import { Icon } from './icon.tsx'

export const Copy = ({ text, label = 'Copy' }: { text: string; label?: string }) => (
  <CopyButton value={text} timeout={1500}>
    {({ copied, copy }) => (
      <Tooltip label={copied ? 'Copied' : label}>
        <button type="button" className={classes.button} onClick={copy} aria-label={label}>
          <Icon name={copied ? 'check' : 'copy'} size={14} />
        </button>
      </Tooltip>
    )}
  </CopyButton>
)

/** A command or a snippet to take along. */
export const Snippet = ({ text, label }: { text: string; label?: string }) => (
  <div className={classes.snippet}>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll by keyboard */}
    <pre tabIndex={0}>{text}</pre>
    <Copy text={text} label={label ?? 'Copy'} />
  </div>
)

/** The first characters of a digest; the whole when copied. */
export const Digest = ({ value }: { value: string | null | undefined }) =>
  value ? (
    <span className={classes.digest}>
      <Tooltip label={<span className="mono">{value}</span>}>
        <code>{value.replace(/^sha256:/, '').slice(0, 12)}</code>
      </Tooltip>
      <Copy text={value} label="Copy the digest" />
    </span>
  ) : (
    <span className="muted">–</span>
  )
