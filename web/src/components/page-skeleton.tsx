import { Skeleton } from '@mantine/core'

/** Stands in while a page's code or its first answer is on the way. */
export const PageSkeleton = () => (
  <div aria-busy="true">
    <Skeleton height={22} width={180} mb={18} />
    <Lines />
  </div>
)

const widths = ['100%', '94%', '97%', '88%', '95%', '90%', '96%', '85%']

export const Lines = ({ count = 6, height = 18 }: { count?: number; height?: number }) => (
  <div aria-busy="true">
    {widths.slice(0, count).map((width) => (
      <Skeleton key={width} height={height} width={width} mb={10} />
    ))}
  </div>
)
