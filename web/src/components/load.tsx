import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { Failure } from './failure.tsx'
import { Lines } from './page-skeleton.tsx'

/** Shows the answer of a query, or that it is coming, or why it is not. An answer that is there stays while a newer one fails. */
export function Load<T>({
  query,
  children,
  skeleton,
}: {
  query: UseQueryResult<T>
  children: (data: T) => ReactNode
  skeleton?: ReactNode
}) {
  if (query.data !== undefined) return children(query.data)
  if (query.error) return <Failure error={query.error} retry={() => void query.refetch()} />
  return skeleton ?? <Lines />
}
