import { Component, type ReactNode } from 'react'
import { useLocation } from 'wouter'
import { Failure } from '../components/failure.tsx'

/** A page that breaks leaves the rest of the screen alone; going elsewhere starts afresh. */
export function PageBoundary({ children }: { children: ReactNode }) {
  const [location] = useLocation()
  return <Boundary key={location}>{children}</Boundary>
}

class Boundary extends Component<{ children: ReactNode }, { error?: Error }> {
  override state: { error?: Error } = {}

  static getDerivedStateFromError(error: Error) {
    return { error }
  }

  override render() {
    if (this.state.error) return <Failure error={this.state.error} retry={() => location.reload()} />
    return this.props.children
  }
}
