import { Button } from '@mantine/core'

/** To the rows before and after those that are shown, which begin at `offset` of `total`. */
export const Paging = ({
  offset,
  size,
  total,
  onGo,
}: {
  offset: number
  size: number
  total: number
  onGo(offset: number): void
}) => (
  <>
    <Button variant="default" disabled={offset === 0} onClick={() => onGo(Math.max(0, offset - size))}>
      Earlier
    </Button>
    <Button variant="default" disabled={offset + size >= total} onClick={() => onGo(offset + size)}>
      Next
    </Button>
  </>
)
