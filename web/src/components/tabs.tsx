import { Link, useSearchParams } from 'wouter'
import classes from './tabs.module.css'

/** Parts of a page as links that stay in the address: `?tab=…`. The first is the page without the parameter. */
export function Tabs({
  value,
  items,
}: {
  value: string
  items: { value: string; text: string; count?: number | undefined; tone?: 'bad' | undefined }[]
}) {
  const [parameters] = useSearchParams()
  const hrefOf = (tab: string) => {
    const next = new URLSearchParams(parameters)
    if (tab === items[0]!.value) next.delete('tab')
    else next.set('tab', tab)
    return `?${next}`
  }
  return (
    <nav className={classes.tabs} aria-label="Parts of this page">
      {items.map((item) => (
        <Link
          key={item.value}
          href={hrefOf(item.value)}
          aria-current={item.value === value ? 'true' : undefined}
          replace
        >
          {item.text}
          {item.count !== undefined && <span data-tone={item.tone}>{item.count.toLocaleString('en')}</span>}
        </Link>
      ))}
    </nav>
  )
}
